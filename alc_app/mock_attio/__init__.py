"""A stand-in for the parts of Attio that the tutorial uses, run as its own server and reached over HTTP only.

It serves the REST API (`/v2/…`) and the SDK's GraphQL API (`/graphql`) with Attio's shapes, errors and limits, so the
same client code works against it and against https://api.attio.com. See README.md in this folder.
"""
