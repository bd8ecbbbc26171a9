"""Signatures of webhooks in the dialects of several senders: sign, verify, and explain what does not verify.

`sign("attio", secret, body)` returns headers, `verify("attio", secret, headers, body)` a bool, and `explain` names the
mistake. `DIALECTS` is the table of all dialects.
"""

from mock_alc.signing.dialects import DIALECTS, UnknownDialect
from mock_alc.signing.explanation import Explanation, explain, verify
from mock_alc.signing.signatures import sign
from mock_alc.signing.standard_webhooks import UnusableSecret

__all__ = ["DIALECTS", "Explanation", "UnknownDialect", "UnusableSecret", "explain", "sign", "verify"]
