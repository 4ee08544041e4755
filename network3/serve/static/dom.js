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
  if (number === 0 || !Number.isFinite(number)) return number === 0 ? "0" : String(number);
  const size = Math.abs(number);
  if (size >= 0.001 && size < 1e5) return number.toFixed(digits).replace("-", "\u2212");
  const [mantissa, exponent] = number
    .toExponential(digits - 1)
    .replaceAll("-", "\u2212")
    .split("e");
  return `${mantissa}·10${[...exponent.replace("+", "")].map((sign) => SUPERSCRIPTS[sign]).join("")}`;
}

const SUPERSCRIPTS = { "\u2212": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((sign, digit) => [digit, sign])) };

export const percent = (share) => `${(100 * share).toFixed(1)} %`;
