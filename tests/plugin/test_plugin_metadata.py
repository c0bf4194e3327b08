"""The Salesforce plugin's files: right by the vendor's schema, and in agreement with one another."""

from __future__ import annotations

from pathlib import Path

import project
import pytest
import wsdl
from project import Project
from wsdl import Wsdl

PLUGIN = Path(__file__).parents[2] / "plugins" / "salesforce"
SOURCE = "force-app/main/default"
OBJECT = "Social_Message__c"
MESSAGE = f"{SOURCE}/objects/{OBJECT}"
AGENT = f"{SOURCE}/permissionsets/Social_Bridge_Agent.permissionset-meta.xml"
REPLY_FLOW = f"{SOURCE}/flows/Social_Bridge_Send_Reply.flow-meta.xml"
DOORBELL = f"{SOURCE}/workflows/Social_Message__c.workflow-meta.xml"
FAILED = f"{MESSAGE}/listViews/Failed_Replies.listView-meta.xml"
MANIFEST = "manifest/package.xml"


@pytest.fixture(scope="module")
def schema() -> Wsdl:
    return wsdl.load()


@pytest.fixture(scope="module")
def plugin() -> Project:
    return project.read(PLUGIN)


def changed(plugin: Project, path: str, old: str, new: str) -> Project:
    text = plugin.sources[path]
    assert old in text
    return Project({**plugin.sources, path: text.replace(old, new, 1)})


def test_every_file_is_right_by_the_schema(schema: Wsdl, plugin: Project) -> None:
    found = {path: wsdl.faults(schema, text) for path, text in plugin.sources.items() if path.endswith(".xml")}

    assert {path: lines for path, lines in found.items() if lines} == {}
    assert len(found) > 40


def test_the_files_agree_with_one_another(plugin: Project) -> None:
    found = project.faults(plugin)

    assert found == []


def test_agents_make_replies_and_change_no_record(plugin: Project) -> None:
    [agent] = [file for file in plugin.files if file.path == AGENT]
    [rights] = agent.root.findall(f"objectPermissions[object='{OBJECT}']", project.NS)
    writable = {
        one.findtext("field", "", project.NS)
        for one in agent.root.findall("fieldPermissions", project.NS)
        if one.findtext("editable", "", project.NS) == "true"
    }
    [rule] = [file for file in plugin.files if file.kind == "ValidationRule"]

    assert {one.tag.partition("}")[2] for one in rights if one.text == "true"} == {"allowCreate", "allowRead"}
    assert writable == {
        f"{OBJECT}.{name}__c" for name in ("Body", "Case", "Private_Reply", "Reply_To_Key", "Status")
    }
    assert (rule.name, rule.text("active")) == (f"{OBJECT}.Agents_Only_Reply", "true")


@pytest.mark.parametrize(
    ("path", "old", "new", "fault"),
    [
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<label>", "<lable>x</lable><label>",
            "CustomField/lable: CustomField has no such element",
        ),
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<label>", "<Label>x</Label><label>",
            "CustomField/Label: CustomField has no such element",
        ),
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<label>", "<label>x</label><label>",
            "CustomField/label: given 2 times",
        ),
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<type>Text<", "<type>text<",
            "CustomField/type: 'text' is no FieldType",
        ),
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<length>255<", "<length>many<",
            "CustomField/length: 'many' is no int",
        ),
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<required>false<", "<required>no<",
            "CustomField/required: 'no' is no boolean",
        ),
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<length>255<", "<length><b>255</b><",
            "CustomField/length: elements within a plain value",
        ),
        (
            DOORBELL, "<protected>false</protected>", "",
            "Workflow/outboundMessages/protected: missing",
        ),
        (DOORBELL, "Workflow", "Workflows", "not well-formed: mismatched tag"),
        (AGENT, "</PermissionSet>", "", "not well-formed: no element found"),
    ],
)  # fmt: skip
def test_a_planted_fault_of_one_file_is_found(
    schema: Wsdl, plugin: Project, path: str, old: str, new: str, fault: str
) -> None:
    planted = changed(plugin, path, old, new).sources[path]

    found = wsdl.faults(schema, planted)

    assert [line.partition(": line")[0] for line in found] == [fault]


def test_a_type_that_does_not_exist_is_found(schema: Wsdl) -> None:
    found = wsdl.faults(schema, f'<CustomFeld xmlns="{wsdl.METADATA.strip("{}")}"/>')

    assert found == ["there is no metadata type CustomFeld"]


@pytest.mark.parametrize(
    ("path", "old", "new", "faults"),
    [
        (
            AGENT, "<field>Social_Message__c.Agent__c<", "<field>Social_Message__c.Agents__c<",
            [f"{AGENT}: there is no Social_Message__c.Agents__c"],
        ),
        (
            AGENT, "<field>Social_Message__c.Agent__c<", "<field>Social_Message__c.Direction__c<",
            [f"{AGENT}: Social_Message__c.Direction__c is required, and no permission can be given for it"],
        ),
        (
            AGENT, "<field>Social_Message__c.Agent__c<", "<field>Social_Message__c.Body__c<",
            [f"{AGENT}: Social_Message__c.Body__c is listed twice"],
        ),
        (
            f"{SOURCE}/lwc/socialThread/thread.js", '"Agent__c"', '"Agents__c", "Cases__r"',
            [
                f"{SOURCE}/lwc/socialThread/thread.js: there is no Agents__c",
                f"{SOURCE}/lwc/socialThread/thread.js: there is no Cases__r",
            ],
        ),
        (
            FAILED, "<columns>Network__c<", "<columns>Social_Network__c<",
            [f"{FAILED}: there is no Social_Message__c.Social_Network__c"],
        ),
        (FAILED, "Failed,Unsure", "Failed,Lost", [f"{FAILED}: Social_Message__c.Status__c is never 'Lost'"]),
        (
            REPLY_FLOW, "<stringValue>Queued<", "<stringValue>queued<",
            [f"{REPLY_FLOW}: Social_Message__c.Status__c is never 'queued'"],
        ),
        (
            REPLY_FLOW, "<field>Status__c<", "<field>State__c<",
            [f"{REPLY_FLOW}: there is no Social_Message__c.State__c"],
        ),
        (
            REPLY_FLOW, ">Social_Message__c.Social_Bridge_Reply<", ">Case.Social_Bridge_Case<",
            [f"{REPLY_FLOW}: Case.Social_Bridge_Case is not of the object that starts the flow"],
        ),
        (
            REPLY_FLOW, ">Social_Message__c.Social_Bridge_Reply<", ">Case.Bell<",
            [f"{REPLY_FLOW}: there is no outbound message Case.Bell"],
        ),
        (
            REPLY_FLOW, "<targetReference>", "<targetReference>X",
            [f"{REPLY_FLOW}: nothing in it is named XTell_Casebridge"],
        ),
        (
            DOORBELL, ">false</includeSessionId>", ">true</includeSessionId>",
            [f"{DOORBELL}: includeSessionId must be false"],
        ),
        (
            DOORBELL, "//bridge.example.invalid/in/connection/", "//a.test/",
            [f"{DOORBELL}: endpointUrl 'https://a.test/secret' is real: put a placeholder under .invalid there"],
        ),
        (
            DOORBELL, "integration.user@example.invalid", "integration.user@other.invalid",
            [f"{DOORBELL}: nothing in sfdx-project.json replaces 'integration.user@other.invalid'"],
        ),
        (
            "sfdx-project.json", "*.workflow-meta.xml", "C*.workflow-meta.xml",
            [f"{DOORBELL}: nothing in sfdx-project.json replaces 'https://bridge.example.invalid/in/connection/secret'"],
        ),
        (
            MANIFEST, "<members>socialThread<", "<members>socialThreads<",
            [
                f"{MANIFEST}: does not list LightningComponentBundle socialThread",
                f"{MANIFEST}: lists LightningComponentBundle socialThreads, which is not there",
            ],
        ),
        (
            MANIFEST, "<version>", "<version>1",
            [f"{MANIFEST}: its version is not the project's sourceApiVersion"],
        ),
        (
            f"{MESSAGE}/fields/Agent__c.field-meta.xml", "<fullName>Agent__c<", "<fullName>Body__c<",
            [f"{MESSAGE}/fields/Agent__c.field-meta.xml: it is named 'Body__c' within"],
        ),
        (
            f"{MESSAGE}/fields/Contact__c.field-meta.xml", "<referenceTo>Contact<", "<referenceTo>Case<",
            ["Case would have 2 child relationships Social_Messages"],
        ),
        (
            f"{MESSAGE}/fields/Direction__c.field-meta.xml", "<required>true<", "<required>false<",
            [f"{MESSAGE}/fields/Direction__c.field-meta.xml: no permission set lets anyone read it"],
        ),
    ],
)  # fmt: skip
def test_a_planted_disagreement_is_found(
    plugin: Project, path: str, old: str, new: str, faults: list[str]
) -> None:
    planted = changed(plugin, path, old, new)

    found = project.faults(planted)

    assert found == faults
