// Puts what is known of a message into the words that agents read. Pure.
import { LABELS, NETWORKS } from "./labels";

const STARS = 5;

/** ★★★★☆ for 4; "" where there is no rating, or none from 1 to 5. */
export function starsOf(rating) {
  return rating >= 1 && rating <= STARS
    ? "★".repeat(rating) + "☆".repeat(STARS - rating)
    : "";
}

/** Facebook · Story reply · Public */
export function placeOf({ network, kind, isPublic, isPrivateReply }) {
  const words = kind.replaceAll("_", " ");
  return [
    NETWORKS[network] ?? network,
    words.charAt(0).toUpperCase() + words.slice(1),
    isPublic && !isPrivateReply ? LABELS.isPublic : LABELS.isPrivate
  ]
    .filter(Boolean)
    .join(" · ");
}

/** @handle, however the network sent it; "" where it is the name once more. */
export function handleOf({ author, handle }) {
  const bare = handle.replace(/^@/, "");
  return bare && bare !== author ? `@${bare}` : "";
}
