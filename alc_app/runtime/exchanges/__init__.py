"""The log of exchanges between participants, which the pages draw as sequence diagrams."""
