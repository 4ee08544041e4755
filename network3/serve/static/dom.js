// Elements of the page, and numbers as it shows them.

// An element with attributes; functions under names such as onclick become listeners.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// A number with few digits and a true minus sign.
export function shown(number, digits = 3) {
  if (!Number.isFinite(number)) return String(number);
  const size = Math.abs(number);
  const text = size !== 0 && (size < 0.001 || size >= 1e5) ? number.toExponential(digits - 1) : number.toFixed(digits);
  return (Number(text) === 0 && size === 0 ? "0" : text).replaceAll("-", "\u2212");
}

export const percent = (share) => `${(100 * share).toFixed(1)} %`;
