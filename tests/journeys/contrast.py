"""Finds text too faint or too small to read (WCAG 2.1 AA, and never below 12 px) on the page that is open."""

MEASURE = r"""
() => {
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = (text) => { const m = text.match(/[\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const ground = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (style.backgroundImage.includes("gradient") && !node.matches("select")) return null;
      const colour = parse(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((base, c) => base.map((v, i) => v * (1 - c[3]) + c[i] * c[3]), [255, 255, 255]);
  };
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, box = element.getBoundingClientRect();
    const words = walker.currentNode.textContent.trim();
    if (!words || !box.width || element.closest("script, style, template, .sr")) continue;
    const style = getComputedStyle(element), behind = ground(element);
    if (style.visibility === "hidden" || !behind) continue;
    const size = parseFloat(style.fontSize);
    const [a, b] = [light(parse(style.color).slice(0, 3)), light(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faults.push(`${words.slice(0, 20)}：对比度 ${ratio.toFixed(2)}`);
    if (size < 12) faults.push(`${words.slice(0, 20)}：字号 ${size}`);
  }
  return faults;
}
"""


def hard_to_read(page) -> list[str]:
    """One line per piece of text that misses the measure; a gradient behind a text is left to the eye."""
    return page.evaluate(MEASURE)
