// The conversation in the picture. Every person, text and address in it is made up.

const NOW = Date.now();
const ago = (minutes) => new Date(NOW - minutes * 60_000).toISOString();

const record = (number, minutes, fields) => ({
  id: `a0${number}`,
  fields: Object.fromEntries(
    Object.entries({
      CreatedDate: ago(minutes),
      Posted_At__c: ago(minutes),
      Name: `SM-0000000${number}`,
      ...fields
    }).map(([name, value]) => [name, { value }])
  )
});
const ada = {
  Direction__c: "Inbound",
  Status__c: "Received",
  Author_Name__c: "Ada Winter",
  Author_Handle__c: "ada.winter",
  Author_Followers__c: 48200,
  Author_Verified__c: true,
  Network__c: "instagram",
  Kind__c: "comment",
  Public__c: true,
  Reply_Limit__c: 2200,
  Permalink__c: "https://example.org/p/1"
};
const us = { Direction__c: "Outbound", Agent__c: "Grace Moor" };

export const RECORDS = [
  record(1, 190, {
    ...ada,
    External_Id__c: "instagram:1:1:created",
    Body__c:
      "My parcel has been “out for delivery” for three days now. Order 20417. Is anybody there?",
    Attachments__c: "https://example.org/tracking.jpg"
  }),
  record(2, 176, {
    ...us,
    Status__c: "Sent",
    Reply_To_Key__c: "instagram:1:1:created",
    Body__c:
      "Hello Ada, we are sorry about that! The depot has found it and it leaves today with the first van.",
    Permalink__c: "https://example.org/p/1/r/2"
  }),
  record(3, 40, {
    ...ada,
    External_Id__c: "instagram:1:3:created",
    Kind__c: "reply",
    Body__c: "It came, but the box is open and the lamp is broken. What now?",
    Reply_Until__c: new Date(NOW + (6 * 24 + 21) * 3_600_000).toISOString()
  }),
  record(4, 22, {
    ...us,
    Status__c: "Failed",
    Private_Reply__c: true,
    Reply_To_Key__c: "instagram:1:3:created",
    Body__c:
      "Please send us a photo and your address, a new lamp is on its way.",
    Error_Message__c:
      "Instagram takes one private message to a comment, and one was sent already. Answer publicly, or wait until Ada writes to you."
  }),
  record(5, 2, {
    ...us,
    Status__c: "Queued",
    Reply_To_Key__c: "instagram:1:3:created",
    Body__c:
      "So sorry, Ada! A new lamp leaves us tonight. Please send us a photo of the box by private message."
  })
];

export const DRAFT =
  "And here is the label for sending the broken lamp back: it costs you nothing.";
