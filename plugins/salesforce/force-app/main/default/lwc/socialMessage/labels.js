export const LABELS = {
  reply: "Reply",
  replyTo: "Reply to",
  answering: "Answering this",
  again: "Write again",
  open: "Open the post",
  openReply: "Open the reply",
  look: "Look at the network",
  deleted: "Deleted by its author",
  deletedText: "The author has deleted this message.",
  attachments: "Attachments",
  attachment: "Attachment",
  verified: "Verified by the network",
  followers: "followers",
  isPublic: "Public",
  isPrivate: "Private",
  note: "Note",
  unknown: "Unknown author",
  us: "Us"
};

export const NETWORKS = {
  facebook: "Facebook",
  google: "Google",
  instagram: "Instagram",
  line: "LINE",
  messenger: "Messenger",
  telegram: "Telegram",
  threads: "Threads",
  tiktok: "TikTok",
  trustpilot: "Trustpilot",
  whatsapp: "WhatsApp",
  x: "X"
};

export const DELIVERIES = {
  Queued: {
    says: "Waiting to be sent",
    icon: "utility:clock",
    variant: ""
  },
  Sent: { says: "Sent", icon: "utility:check", variant: "success" },
  Failed: { says: "Not sent", icon: "utility:error", variant: "error" },
  Unsure: {
    says: "May not have arrived",
    icon: "utility:warning",
    variant: "warning"
  }
};
