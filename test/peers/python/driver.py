"""Drives boto3 as node/driver.mjs drives the clients in JavaScript.

Reads one request a line on standard input, {"api", "operation", "input"}, and
answers one line on standard output, {"output"} or {"error": {"code",
"message", "status"}}. Bytes are {"$bytes": base64} and times {"$time": RFC
3339}, both ways. The endpoint comes by PEER_ENDPOINT, region and credentials
by AWS's own variables.
"""

import base64
import datetime
import json
import os
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

clients = {}


def client(api):
    if api not in clients:
        config = Config(retries={"total_max_attempts": 1})
        clients[api] = boto3.client(api, endpoint_url=os.environ["PEER_ENDPOINT"], config=config)
    return clients[api]


def read(v):
    if isinstance(v, list):
        return [read(item) for item in v]
    if not isinstance(v, dict):
        return v
    if "$bytes" in v:
        return base64.b64decode(v["$bytes"])
    if "$time" in v:
        return datetime.datetime.fromisoformat(v["$time"].replace("Z", "+00:00"))
    return {k: read(item) for k, item in v.items()}


def write(v):
    if isinstance(v, bytes):
        return {"$bytes": base64.b64encode(v).decode()}
    if isinstance(v, datetime.datetime):
        return {"$time": v.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")}
    if isinstance(v, (list, tuple)):
        return [write(item) for item in v]
    if isinstance(v, dict):
        return {k: write(item) for k, item in v.items() if k != "ResponseMetadata"}
    return v


def answer(request):
    try:
        method = getattr(client(request["api"]), xform_name(request["operation"]))
        return {"output": write(method(**read(request.get("input") or {})))}
    except ClientError as e:
        error = e.response.get("Error", {})
        status = e.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return {"error": {"code": error.get("Code", ""), "message": error.get("Message", ""), "status": status}}
    except Exception as e:  # what botocore itself refuses is an answer too
        return {"error": {"code": type(e).__name__, "message": str(e), "status": 0}}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
