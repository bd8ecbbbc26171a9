"""Break it: eight labs. Each plays one fault on the tutorial's own code and on the app, over HTTP, on running servers.

A lab is one file with its texts and a `run` function. `run` gets a `Driver`, which performs the lab's actions on one
side, the naive code or the app; it is called once for each side. Every fact that a lab shows is looked up afterwards
at ALC, in the CRM or in the app's database. README.md lists the labs.
"""
