export default {
  title: "Social conversation",
  refresh: "Refresh",
  loading: "Loading the conversation",
  thread: "Messages, oldest first",
  empty: "No social messages on this case.",
  cut: "Only the latest messages are shown. All of them are under Social Messages.",
  notRead: "The conversation could not be read.",
  queued: "Your reply is on its way."
};
