"""Keeps what the calls are made with alive: whoever has suspended the customer he calls for sees nothing but that."""

import os

import schemathesis

OWN = {"customerId": os.environ.get("OTP_CUSTOMER"), "keyId": os.environ.get("OTP_KEY_ID")}
SOMEBODY_ELSE = {"customerId": "cust_0000000000000000000001", "keyId": "key_0000000000000000000001"}


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    changes = case.operation.method.upper() != "GET"
    spared = "keyId" if "{keyId}" in path else "customerId" if not path.endswith("/api-keys") else None
    parameters = case.path_parameters or {}
    if changes and spared in parameters and parameters[spared] == OWN[spared]:
        parameters[spared] = SOMEBODY_ELSE[spared]
