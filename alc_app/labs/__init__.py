"""Break it: eight faults, each played on the tutorial's own code and on ours, over HTTP, on the servers that run.

Glue, as workspace.py is: it knows the app, the runtime and the naive code, and hands the pages what they show. A lab
(one file each) is one list of steps, played on two sides; what it says in the end is what it has looked up.
"""
