// Says why Salesforce refused to read or to save, for the agent. Pure.

export const UNKNOWN_REASON =
  "Salesforce did not say why. Try again; if it stays, tell your administrator.";

/** Every reason that an error of Lightning Data Service gives, as one text. Never empty. */
export function reasonOf(error) {
  const output = error?.body?.output;
  const details = [
    ...(output?.errors ?? []),
    ...Object.values(output?.fieldErrors ?? {}).flat()
  ].map((detail) => detail.message);
  const says = details.length
    ? details
    : [error?.body?.message ?? error?.message];
  return [...new Set(says.filter(Boolean))].join(" ") || UNKNOWN_REASON;
}
