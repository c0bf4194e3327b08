// What the app asks Casebridge. Pure; Zendesk's proxy signs it, so no secret is ever in a browser.

const EXPIRY = 120; // seconds; Casebridge takes at most 300

/** Who asks, of what metadata() and the ticket tell. */
export function askerOf({ settings, installationId }, ticketId) {
  return {
    url: String(settings.bridge_url ?? "")
      .trim()
      .replace(/\/+$/, ""),
    connection: String(settings.bridge_connection ?? "").trim(),
    installation: String(installationId),
    ticket: String(ticketId)
  };
}

/** The options of client.request for the ticket's thread. */
export function threadCall(asker) {
  return callOf(asker, "GET", "thread");
}

/** The options of client.request to send a reply again. */
export function retryCall(asker, replyId) {
  const path = `replies/${encodeURIComponent(replyId)}/retry`;
  return { ...callOf(asker, "POST", path), data: "{}" };
}

function callOf({ url, connection, installation, ticket }, type, path) {
  const place = [connection, "cases", ticket].map(encodeURIComponent).join("/");
  return {
    url: `${url}/app/${place}/${path}`,
    type,
    secure: true,
    jwt: {
      algorithm: "HS256",
      secret_key: "{{setting.bridge_secret}}",
      expiry: EXPIRY,
      claims: {
        iss: "zaf",
        aud: "casebridge",
        sub: ticket,
        inst: installation
      }
    },
    headers: { Authorization: "Bearer {{jwt.token}}" },
    contentType: "application/json",
    dataType: "json"
  };
}
