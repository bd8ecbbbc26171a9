"""The text of `mock-alc serve --help`."""

SERVE_HELP = """Run the mock until Ctrl-C.

It keeps its data in memory, listens on this machine only, and needs no network, account or file.

\b
Try it without writing code:
  mock-alc serve --control                     # here
  mock-alc listen                              # in a second terminal
  mock-alc trigger lead.processed              # in a third one: no webhook listens yet
  mock-alc listen --forward-to http://127.0.0.1:5000/hook      # now one does

\b
Call it as your client does:
  curl -X POST http://127.0.0.1:8001/_mock/tokens
  curl -X POST http://127.0.0.1:8001/api/v1/leads -H "Authorization: Bearer <access_token>" \\
       -H "Content-Type: application/json" \\
       -d '{"recordId": "1", "name": "Ada Lovelace", "phoneNumber": "+442071838750"}'

\b
The last digit of the phone number decides how the chat ends:
  8  not interested      9  no answer      others  interested
  7  interested, and gives an email address: prospect.updated follows

\b
With --control, you can make anything happen, or go wrong:
  curl http://127.0.0.1:8001/_mock/state       # also /requests, /leads, /deliveries
  curl http://127.0.0.1:8001/_mock/faults -H "Content-Type: application/json" \\
       -d '{"route": "POST /api/v1/leads", "trouble": "drop", "effect": "done"}'
  curl http://127.0.0.1:8001/_mock/clock -H "Content-Type: application/json" -d '{"until": "idle"}'
  mock-alc scenario list

\b
Addresses:
  /                                            the console, for people
  /openapi.yaml                                the API, to read; /openapi.json for programs
  /.well-known/oauth-authorization-server      OAuth 2.1: code with PKCE, rotation, revocation

\b
Settings: every flag has an environment variable: --decide-after is MOCK_ALC_DECIDE_AFTER.
Some settings have no flag, such as MOCK_ALC_CLIENT_SECRET: a secret does not belong on a command line.
"""
