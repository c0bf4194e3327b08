"""The shape of a payload map: which keys there are, and what each may hold. Pure.

Texts and conditions are read by payload.py. The descriptions are the reference that admins read.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field
from pydantic_core import PydanticCustomError

from bridge.mapping.form import Conditions, Filled, Text, Translated
from bridge.mapping.item import is_path

Value = Annotated[
    Text | Translated, Discriminator(lambda value: "a translation" if isinstance(value, dict) else "a text")
]


def _path(text: str) -> str:
    if not is_path(text):
        raise PydanticCustomError("empty-path-part", "a path is written as in data.mentions; . is the body itself")
    return text


JsonPath = Annotated[str, Filled, AfterValidator(_path)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AttachmentsForm(_Part):
    """Pictures, films and files, one for each entry of a list."""

    each: JsonPath = Field(description="The path of the list. Below, words lead into one entry; `{.}` is itself.")
    kind: Value = Field("file", description="image, video, audio, file …")
    url: Value = Field("", description="Where it can be fetched.")
    name: Value = Field("", description="What the file is called.")


class MessageForm(_Part):
    """What the message's properties are filled with."""

    id: Value = Field(description="The tool's own id of the message, the same whenever it is sent again.")
    account: Value = Field("", description="Which account was written to. Left out: the only one.")
    kind: Value = Field(description="comment, direct, mention, review …, or a translation into such.")
    change: Value = Field("created", description="created, edited, deleted, hidden, unhidden, or a translation.")
    version: Value = Field(
        "", description="Of an edit: the tool's number or time for it. Hidden: left out, it is sent_at."
    )
    thread: Value = Field("", description="The conversation or post that it belongs to.")
    reply_to: Value = Field("", description="The id of the message that it answers.")
    text: Value = Field("", description="What was written.")
    language: Value = Field("", description="de, en-GB …")
    rating: Value = Field("", description="1 to 5.")
    url: Value = Field("", description="Where a person can read it.")
    sent_at: Value = Field(
        "", description="Seconds or milliseconds since 1970, ISO text, or a date as in e-mails."
    )
    public: Value = Field(
        "", description="true or false. Left out: all but direct, story_reply and postback is public."
    )
    author_id: Value = Field("", alias="author.id", description="The author's id at the tool.")
    author_name: Value = Field("", alias="author.name", description="The author's name.")
    author_handle: Value = Field("", alias="author.handle", description="The author's handle.")
    author_followers: Value = Field("", alias="author.followers", description="How many follow the author.")
    author_verified: Value = Field("", alias="author.verified", description="true or false.")
    author_avatar: Value = Field("", alias="author.avatar", description="The address of a picture.")
    author_phone: Value = Field("", alias="author.phone", description="The author's telephone number.")
    author_email: Value = Field("", alias="author.email", description="The author's e-mail address.")
    author_is_self: Value = Field("", alias="author.is_self", description="true: we wrote it ourselves.")
    attachments: AttachmentsForm | None = Field(None, description="Pictures, films and files.")


class PayloadTest(_Part):
    """An example that is run whenever the map is loaded."""

    __test__: ClassVar[bool] = False  # its name must not make pytest collect it
    name: Annotated[str, Filled] = Field(description="What it shows.")
    body: Any = Field(description="What the tool posts: JSON, which is YAML too.")
    expect: Any = Field(
        description="What comes out: a map of properties, or `skipped` or `unreadable`; a list for several items."
    )


class PayloadForm(_Part):
    """A whole payload map."""

    version: Literal["1"] = Field(description="1")
    payload: Annotated[str, Filled] = Field(description="The name of the file, without .yaml.")
    channel: Value = Field(description="What mappings read as `{channel}`: at most 40 of a-z, 0-9, - and _.")
    items: JsonPath | None = Field(
        None, description="The path of a list in the body; each entry is one message. `.`: the body is the list."
    )
    event: Text | None = Field(None, description="What the tool calls it; skipped ones are counted by this name.")
    skip: tuple[Conditions, ...] = Field((), description="What fulfils one of these lines is no message.")
    message: MessageForm = Field(description="What the message's properties are filled with.")
    tests: tuple[PayloadTest, ...] = Field((), description="Examples, run at every start.")
