"""The errors of TikTok's API for Business, which come with HTTP 200 and a code in the body.

https://business-api.tiktok.com/portal/docs?id=1737172488964097
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.calling import Fault

ANEW = (
    "an administrator must open the app's authorization URL as the owner of the account and put the new tokens "
    "into connections.yaml."
)

FAULTS: Mapping[str, Fault] = {
    "40001": Fault(
        means="refused",
        says="TikTok does not permit this to the account's token: an administrator must allow all that the app "
        "asks for, under the app's authorization URL.",
    ),
    "40002": Fault(
        means="refused",
        says="TikTok does not take this text, or finds it too long: shorten it, or answer in the TikTok app.",
    ),
    "40007": Fault(
        means="refused",
        says="TikTok does not know any more what this answers: look at the conversation in TikTok.",
    ),
    "40064": Fault(
        means="refused",
        says="TikTok takes no more direct messages to this customer: 48 hours are over since they wrote, or about "
        "ten messages were sent that they have not answered. Wait until they write again.",
    ),
    "40100": Fault(means="throttled", says="TikTok takes no more calls of this app for now."),
    "40101": Fault(
        means="refused",
        says="TikTok knows no such app: compare app_id and app_secret with the app's page in the portal.",
    ),
    "40102": Fault(means="token", says=f"The account's token has run out: {ANEW}"),
    "40104": Fault(means="token", says=f"TikTok does not know the account's token: {ANEW}"),
    "40105": Fault(means="token", says=f"The account's token has run out or was revoked: {ANEW}"),
    "50000": Fault(means="temporary", says="TikTok itself is at fault."),
    "50002": Fault(means="temporary", says="TikTok itself is at fault."),
    "51065": Fault(
        means="refused",
        says="TikTok does not allow this for this account, customer or video: answer in the TikTok app.",
    ),
}
