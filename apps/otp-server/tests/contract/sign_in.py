"""Signs a user in by the generated client, which knows the service by its OpenAPI document alone."""

import os
import sys

from otp_client import AuthenticatedClient, Client
from otp_client.api.authentication import get_me, logout, request_otp, verify_otp
from otp_client.models import CodeRequested, InvalidTokenProblem, LogoutBody, Me, OtpInvalidProblem
from otp_client.models import RequestOtpBody, SignedIn, VerifyOtpBody

email = sys.argv[1]
url = os.environ["OTP_URL"]
server = AuthenticatedClient(url, os.environ["OTP_API_KEY"], prefix="", auth_header_name="X-OTP-API-Key")

asked = request_otp.sync(client=server, body=RequestOtpBody(email=email))
assert isinstance(asked, CodeRequested), asked

wrong = verify_otp.sync(client=server, body=VerifyOtpBody(otp="000000000", challenge_id=asked.challenge_id))
assert isinstance(wrong, OtpInvalidProblem) and wrong.remaining_attempts == 4, wrong

print("code?", flush=True)
code = sys.stdin.readline().strip()
signed_in = verify_otp.sync(client=server, body=VerifyOtpBody(otp=code, challenge_id=asked.challenge_id))
assert isinstance(signed_in, SignedIn), signed_in
assert signed_in.email == email and signed_in.is_new_user

user = AuthenticatedClient(url, signed_in.token)
me = get_me.sync(client=user)
assert isinstance(me, Me) and me.user_id == signed_in.user_id, me

logout.sync(client=user, body=LogoutBody())
gone = get_me.sync(client=user)
assert isinstance(gone, InvalidTokenProblem), gone
print(f"{email} is signed in, and out again")
