"""The errors of Meta's APIs: which can be waited for, which end a token, and what agents read about the others.

A code stands as Meta sends it, or as code/subcode where the subcode says more.
https://developers.facebook.com/docs/graph-api/guides/error-handling,
https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes,
https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.calling import Fault

RENEW = "Make a new token for the account and put it into connections.yaml."
LATER = "Casebridge sends it later by itself."
PERMISSION = (
    "The token lacks a permission for this, or the app has no Advanced Access to it: an administrator must grant "
    "it in Meta's App Dashboard and make a new token."
)

COMMON: Mapping[str, Fault] = {
    "1": Fault(means="temporary", says="Something broke at Meta."),
    "2": Fault(means="temporary", says="Meta's service broke for a moment."),
    "4": Fault(means="throttled", says=f"The app has made as many calls as Meta allows for now. {LATER}"),
    "10": Fault(means="refused", says=PERMISSION),
    "17": Fault(means="throttled", says=f"The account has made as many calls as Meta allows for now. {LATER}"),
    "32": Fault(means="throttled", says=f"The Page has made as many calls as Meta allows for now. {LATER}"),
    "100": Fault(
        means="refused",
        says="Meta knows no such message or person any more, or refuses the text: look at the conversation there.",
    ),
    "190": Fault(means="token", says=f"Meta does not accept the account's token. {RENEW}"),
    "190/460": Fault(means="token", says=f"The token died when a password was changed. {RENEW}"),
    "190/463": Fault(means="token", says=f"The token's time is over. {RENEW}"),
    "190/467": Fault(means="token", says=f"The token was revoked. {RENEW}"),
    "200": Fault(means="refused", says=PERMISSION),
    "368": Fault(
        means="refused",
        says="Meta has blocked the account from this for a while over its policies: see Account Quality there.",
    ),
    "613": Fault(means="throttled", says=f"Meta's rate limit for this is reached. {LATER}"),
    "80001": Fault(means="throttled", says=f"The Page's rate limit is reached. {LATER}"),
    "80002": Fault(means="throttled", says=f"The Instagram account's rate limit is reached. {LATER}"),
    "80006": Fault(means="throttled", says=f"Messenger's rate limit is reached. {LATER}"),
}

CONVERSATIONS: Mapping[str, Fault] = {
    "10/2018278": Fault(
        means="refused",
        says="The customer wrote last too long ago: Meta takes answers for 24 hours, and for 7 days where the app "
        "has the permission Human Agent. Wait until the customer writes again, or reach them another way.",
    ),
    "10/2018300": Fault(
        means="refused",
        says="Another app holds this conversation: answer there, or let it pass the conversation on.",
    ),
    "10/2018304": Fault(
        means="refused",
        says="Another app holds this conversation: answer there, or let it pass the conversation on.",
    ),
    "100/2018001": Fault(
        means="refused",
        says="Meta finds nobody to send this to: the customer has left, or never wrote to this account.",
    ),
    "200/1545041": Fault(
        means="refused",
        says="The customer cannot be written to now: they have blocked the account, or left.",
    ),
    "551": Fault(
        means="refused",
        says="The customer cannot be written to now: they have blocked the account, or left.",
    ),
    "551/1545041": Fault(
        means="refused",
        says="The customer cannot be written to now: they have blocked the account, or left.",
    ),
}

PRIVATE_REPLIES: Mapping[str, Fault] = {
    "100/2534014": Fault(
        means="refused",
        says="A private message to this comment was sent already, or cannot be: Meta takes one for each comment. "
        "Look at the conversation, or answer in public.",
    ),
    "10900": Fault(
        means="refused",
        says="This comment has had its private message already: Meta takes one. Go on in that conversation.",
    ),
    "10901": Fault(
        means="refused",
        says="The comment is too old for a private message, which Meta takes for 7 days: answer in public.",
    ),
    "10902": Fault(means="refused", says="Meta takes no private message to this: answer in public."),
    "10903": Fault(
        means="refused", says="The person who wrote this cannot be written to in private: answer in public."
    ),
}

UNREGISTERED = (
    "The phone number is not registered with WhatsApp: an administrator must register it in WhatsApp Manager."
)
TEMPLATES = Fault(
    means="refused",
    says="WhatsApp refuses the template: Casebridge sends none, so look in WhatsApp Manager at what does.",
)

WHATSAPP: Mapping[str, Fault] = {
    "3": Fault(means="refused", says=PERMISSION),
    "33": Fault(
        means="refused",
        says="Meta knows this phone number no more: an administrator must compare its phone number id in WhatsApp "
        "Manager with connections.yaml.",
    ),
    "80007": Fault(means="throttled", says=f"The WhatsApp Business account's rate limit is reached. {LATER}"),
    "130429": Fault(means="throttled", says=f"The number sends as many messages as WhatsApp allows. {LATER}"),
    "130472": Fault(
        means="refused",
        says="WhatsApp keeps this from the customer as a part of an experiment: reach them another way.",
    ),
    "130497": Fault(
        means="refused",
        says="WhatsApp does not let this account write to the customer's country: reach them another way.",
    ),
    "131000": Fault(means="temporary", says="Something broke at WhatsApp."),
    "131005": Fault(means="refused", says=PERMISSION),
    "131008": Fault(means="refused", says="WhatsApp misses something in the message: tell an administrator."),
    "131009": Fault(means="refused", says="WhatsApp refuses something in the message: tell an administrator."),
    "131016": Fault(means="temporary", says="WhatsApp's service broke for a moment."),
    "131020": Fault(means="refused", says="Nobody else is left in this group."),
    "131021": Fault(means="refused", says="This would go to the number that sends it: nobody else would read it."),
    "131026": Fault(
        means="refused",
        says="WhatsApp cannot deliver this: the customer has no WhatsApp under this number, an old version of it, "
        "or has not agreed to its terms. Reach them another way.",
    ),
    "131030": Fault(
        means="refused",
        says="This is a test number, which writes only to people on its list: an administrator must add the "
        "customer in the App Dashboard, or use a number of your own.",
    ),
    "131031": Fault(
        means="refused",
        says="WhatsApp has locked the business account: an administrator must look for the reason in WhatsApp "
        "Manager.",
    ),
    "131041": Fault(means="refused", says="WhatsApp knows no such group, or the number is not in it any more."),
    "131042": Fault(
        means="refused",
        says="WhatsApp cannot charge the business account: an administrator must mend how it pays in WhatsApp "
        "Manager.",
    ),
    "131045": Fault(means="refused", says=UNREGISTERED),
    "131047": Fault(
        means="refused",
        says="The customer wrote last more than 24 hours ago: WhatsApp takes only an approved template then, and "
        "Casebridge sends none. Send one from WhatsApp Manager, or wait until the customer writes again.",
    ),
    "131048": Fault(
        means="throttled",
        says=f"WhatsApp holds the number back because customers blocked it or called it spam. {LATER}",
    ),
    "131049": Fault(
        means="refused",
        says="WhatsApp keeps this from the customer, who gets many such messages: reach them another way.",
    ),
    "131050": Fault(
        means="refused", says="The customer wants no marketing from this number: reach them another way."
    ),
    "131051": Fault(means="refused", says="WhatsApp takes no messages of this type: tell an administrator."),
    "131052": Fault(means="refused", says="WhatsApp could not fetch the customer's file: ask for it again."),
    "131053": Fault(means="refused", says="WhatsApp could not take the file: send the answer without it."),
    "131056": Fault(
        means="throttled", says=f"The number writes to this customer more often than WhatsApp allows. {LATER}"
    ),
    "131057": Fault(means="throttled", says=f"The business account is being looked after by WhatsApp. {LATER}"),
    "131062": Fault(
        means="refused",
        says="WhatsApp takes no such message for a customer who hides the phone number: reach them another way.",
    ),
    "131207": Fault(means="refused", says="WhatsApp has closed this group because of its policies."),
    "131208": Fault(means="throttled", says=f"The number has used groups as often as WhatsApp allows. {LATER}"),
    **dict.fromkeys(
        (
            *("132000", "132001", "132005", "132007", "132008", "132009", "132010", "132011", "132012"),
            *("132013", "132014", "132015", "132016", "132068", "132069"),
        ),
        TEMPLATES,
    ),
    "133010": Fault(means="refused", says=UNREGISTERED),
    "133016": Fault(means="throttled", says=f"The number was registered too often in a short time. {LATER}"),
}

INSTAGRAM: Mapping[str, Fault] = {
    "10/2534022": Fault(
        means="refused",
        says="The customer wrote last too long ago: Instagram takes answers for 24 hours, and for 7 days where "
        "the app has the permission Human Agent. Wait until the customer writes again.",
    ),
    "230": Fault(
        means="refused",
        says="The customer has not agreed that apps see who they are: look at the conversation in Instagram.",
    ),
}

THREADS: Mapping[str, Fault] = {
    "24": Fault(
        means="refused",
        says="Threads knows the post no more that this answers, or does not let the account answer it.",
    ),
}

FAULTS: Mapping[str, Fault] = {
    **COMMON,
    **CONVERSATIONS,
    **PRIVATE_REPLIES,
    **WHATSAPP,
    **INSTAGRAM,
    **THREADS,
}
"""Every code that has its own sentence; Instagram, Threads and WhatsApp add theirs."""
