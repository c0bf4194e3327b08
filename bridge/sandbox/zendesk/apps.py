"""What is answered to `zcli apps:validate`: whether a package can be an app at all, and no more than that.

https://developer.zendesk.com/documentation/apps/app-developer-guide/zcli/
"""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from bridge.sandbox.wire import Answer, Call
from bridge.sandbox.zendesk.refusals import JSON, Refusal
from bridge.sandbox.zendesk.request import Request

MOST = 1024 * 1024  #: bytes of a manifest


def validate(request: Request) -> Answer:
    """200 {} for a zip with a manifest; 422 with what is wrong."""
    try:
        with zipfile.ZipFile(BytesIO(_package(request.call))) as package, package.open("manifest.json") as file:
            manifest = json.loads(file.read(MOST))
    except (zipfile.BadZipFile, EOFError, OSError):
        raise _refused("the file is not a zip archive") from None
    except KeyError:
        raise _refused("Could not find manifest.json") from None
    except (ValueError, RecursionError):
        raise _refused("manifest.json is not proper JSON") from None
    if not isinstance(manifest, dict):
        raise _refused("manifest.json is not proper JSON")
    return Answer(body={}, type=JSON)


def _package(call: Call) -> bytes:
    """The file in the form that was sent, or the body itself."""
    kind, options = parse_options_header(call.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        return call.body
    _, _, files = FormDataParser().parse(BytesIO(call.body), kind, len(call.body), options)
    return next((file.stream.read() for _, file in files.items()), b"")


def _refused(problem: str) -> Refusal:
    return Refusal(422, {"error": "RecordInvalid", "description": problem})
