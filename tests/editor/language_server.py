"""A small editor: opens files in the YAML language server that VS Code uses, and asks what it says of them.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
CURSOR = "@@"
SETTINGS = {"yaml": {"schemaStore": {"enable": False}, "validate": True, "completion": True, "hover": True}}
CAN = {
    "workspace": {"configuration": True},
    "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
}

Fault = tuple[int, str]
"""The line of what is underlined, 1 for the first, and what the server says of it."""


class Editor:
    """One running server, which looks at the files of a folder; nothing is fetched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = 0
        self.opened = 0
        self.published: dict[str, list[Fault]] = {}
        self.process = subprocess.Popen(
            ["node", str(PROGRAM), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        self._ask("initialize", {"processId": None, "rootUri": self.folder.as_uri(), "capabilities": CAN})
        self._send({"method": "initialized", "params": {}})
        while self._read().get("method") != "workspace/configuration":
            pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ask("shutdown", None)
        self._send({"method": "exit"})
        self.process.communicate(timeout=30)

    def faults(self, files: Mapping[str, str]) -> dict[str, list[Fault]]:
        """What is underlined in each file. Every name may be used once."""
        uris = {name: self._open(name, text) for name, text in files.items()}
        while not self.published.keys() >= set(uris.values()):
            self._read()
        return {name: self.published[uri] for name, uri in uris.items()}

    def offered(self, text: str, name: str = "typed.yaml") -> list[str]:
        """What is offered where CURSOR stands in the text, in alphabetic order."""
        found = self._ask("textDocument/completion", self._at(text, name))
        return sorted(one["label"] for one in found["items"])

    def told(self, text: str, name: str = "typed.yaml") -> str:
        """What is told of the word under CURSOR; "" = nothing."""
        found = self._ask("textDocument/hover", self._at(text, name))
        return str(found["contents"]["value"]).partition("\n")[0] if found else ""

    def _at(self, text: str, name: str) -> dict[str, Any]:
        before, _, after = text.partition(CURSOR)
        uri = self._open(name, before + after)
        position = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return {"textDocument": {"uri": uri}, "position": position}

    def _open(self, name: str, text: str) -> str:
        self.opened += 1
        uri = (self.folder / name).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": self.opened, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def _ask(self, method: str, params: Any) -> Any:
        self.asked += 1
        self._send({"id": self.asked, "method": method, "params": params})
        while "method" in (message := self._read()) or message.get("id") != self.asked:
            pass
        return message["result"]

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        """Take the next message; answer what the server asks, keep what it publishes."""
        assert self.process.stdout
        length = 0
        while header := self.process.stdout.readline().strip():
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if "method" in message and "id" in message:
            asked = message["params"].get("items", []) if isinstance(message["params"], dict) else []
            answer = [SETTINGS.get(item.get("section"), {}) for item in asked]
            self._send({"id": message["id"], "result": answer or None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            said = message["params"]
            found = [(one["range"]["start"]["line"] + 1, one["message"]) for one in said["diagnostics"]]
            self.published[said["uri"]] = found
        return message
