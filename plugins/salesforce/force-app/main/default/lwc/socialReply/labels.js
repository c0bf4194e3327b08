export default {
  box: "Your reply",
  placeholder: "Write to the customer",
  send: "Send",
  sending: "Sending",
  to: "Answering",
  way: "Where it goes",
  publicly: "Publicly, below the message",
  privately: "By private message",
  privatelyHelp:
    "Not every network takes a private message in answer to a public one. Where it does not, the reply fails and says so.",
  isPrivate: "Goes as a private message.",
  notSaved: "The reply was not saved.",
  nobody: "There is no message of a customer to answer.",
  over: "The time in which the network takes a reply to this message is over since",
  open: "The network takes a reply for another",
  until: "until",
  unknown: "Unknown author"
};
