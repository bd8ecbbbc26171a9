"""The text of `mock-alc serve --help`."""

SERVE_HELP = """Run the mock until Ctrl-C.

It keeps all in memory, listens on this machine only, and needs nothing: no network, no account, no file.

\b
A first look, without writing a line of code:
  mock-alc serve --control                     # here
  mock-alc listen                              # in a second terminal
  mock-alc trigger lead.processed              # in a third one: nobody listens yet
  mock-alc listen --forward-to http://127.0.0.1:5000/hook      # now somebody does

\b
As your client does it:
  curl -X POST http://127.0.0.1:8001/_mock/tokens
  curl -X POST http://127.0.0.1:8001/api/v1/leads -H "Authorization: Bearer <access_token>" \\
       -H "Content-Type: application/json" \\
       -d '{"recordId": "1", "name": "Ada Lovelace", "phoneNumber": "+442071838750"}'

\b
How the chat ends is decided by the last digit of the phone number:
  8  not interested      9  no answer      others  interested
  7  interested, and tells an address: prospect.updated follows

\b
With --control, everything can be made to happen, and to go wrong:
  curl http://127.0.0.1:8001/_mock/state       # also /requests, /leads, /deliveries
  curl http://127.0.0.1:8001/_mock/faults -H "Content-Type: application/json" \\
       -d '{"route": "POST /api/v1/leads", "trouble": "drop", "effect": "done"}'
  curl http://127.0.0.1:8001/_mock/clock -H "Content-Type: application/json" -d '{"until": "idle"}'
  mock-alc scenario list

\b
Where things are:
  /                                            the console, for people
  /openapi.yaml                                the API, to read; /openapi.json for programs
  /.well-known/oauth-authorization-server      OAuth 2.1: code with PKCE, rotation, revocation

\b
Settings: every flag is also an environment variable, --decide-after is MOCK_ALC_DECIDE_AFTER. Some are only
there, such as MOCK_ALC_CLIENT_SECRET: a secret does not belong on a command line.
"""
