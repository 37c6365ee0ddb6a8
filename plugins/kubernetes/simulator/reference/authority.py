"""The certificate of the simulated cluster's authority. Its key was thrown away: nothing is signed with it."""

from __future__ import annotations

import base64

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBpTCCAUugAwIBAgIUEQH4tZo/xPuEBgEKTZrry7KvjBowCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUcGlsb3Rob3VzZS1zaW11bGF0b3IwIBcNMjYxMTIxMTUyOTU4
WhgPMjEyNjEwMjgxNTI5NThaMB8xHTAbBgNVBAMMFHBpbG90aG91c2Utc2ltdWxh
dG9yMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsg+NNC0supF7HMoKh/hB+x9b
vzEpe65gDbfN2Df6DE4ZE4sTSz5BqCvouFxTdKMY9x8ZlH13MTboQ5R1VN2AS6Nj
MGEwHQYDVR0OBBYEFPIpMnroJeTJ6dCskHkLKgpl3kw/MB8GA1UdIwQYMBaAFPIp
MnroJeTJ6dCskHkLKgpl3kw/MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQD
AgGGMAoGCCqGSM49BAMCA0gAMEUCIQD4ZIGZoVh2zYsuU6nslUUtUb1Qfr/LEjt6
5za3T5+iywIgFR+G0/1W3HUU4DkCdY5frRNprbBXEFGtR5XxLE0GnAc=
-----END CERTIFICATE-----
"""


def encoded() -> str:
    """As kubeconfigs hold it."""
    return base64.b64encode(CERTIFICATE.encode()).decode()
