// Makes elements. A string always becomes text, whatever it holds: nothing here reads markup.

/** An element with its attributes and children; what is falsy among the children is left out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") {
      made.addEventListener("click", value);
    } else {
      made.setAttribute(name, value);
    }
  }
  made.append(...children.filter(Boolean));
  return made;
}

/** A link that opens beside Zendesk; it says so to who cannot see it. */
export function linkTo(address, shown, wording) {
  const attributes = {
    href: address,
    target: "_blank",
    rel: "noopener noreferrer",
    "aria-label": wording.say("opens", { what: shown })
  };
  return el("a", attributes, shown);
}

/** The moment, readable for people and programs; null where nobody knows it. */
export function timeOf(at, wording) {
  return (
    at !== null &&
    el("time", { datetime: new Date(at).toISOString() }, wording.when(at))
  );
}

/** Who wrote: name, handle, reach. */
export function whoOf({ name, handle, followers, verified }, wording) {
  const { say, compact, count } = wording;
  return [
    el("bdi", { class: "name" }, name || handle || say("unnamed")),
    name && handle && el("bdi", { class: "quiet" }, handle),
    verified && el("span", { class: "badge" }, `✓ ${say("verified")}`),
    followers !== null &&
      el(
        "span",
        { class: "quiet", title: count(followers) },
        say("followers", { count: compact(followers) })
      )
  ];
}
