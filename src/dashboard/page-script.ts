/**
 * The script of a report page: legend switches and the values under the pointer, finger or arrow
 * keys. Plain JavaScript kept as text, because it runs in the reader's browser, not here; it is
 * small on purpose, and the page says everything without it. `U` holds UNIT_STEPS.
 */
export const PAGE_SCRIPT: string = `
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const charts = read('charts'), U = read('units');
  const two = (n) => String(n).padStart(2, '0');
  const clock = (ms) => {
    const s = Math.round(ms / 1000), m = Math.floor(s / 60);
    return m < 60 ? m + ':' + two(s % 60) : Math.floor(m / 60) + ':' + two(m % 60) + ':' + two(s % 60);
  };
  const show = (v, unit) => {
    if (v === null) return '—';
    const size = Math.abs(v), sign = v < 0 ? '−' : '';
    if (unit === 'clock') return sign + clock(size);
    for (const [limit, divisor, digits, suffix] of U[unit]) {
      const text = (size / divisor).toFixed(digits);
      if (size < limit && text * divisor < limit)
        return sign + text.replace(/\\B(?=(\\d{3})+(\\.|$))(?<!\\.\\d*)/g, ',') + suffix;
    }
  };
  const nearest = (xs, x) => {
    let low = 0, high = xs.length - 1;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (xs[mid] < x) low = mid + 1; else high = mid;
    }
    return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
  };
  const make = (tag, name, parent) => {
    const node = document.createElement(tag);
    node.className = name;
    parent.append(node);
    return node;
  };
  for (const plot of document.querySelectorAll('[data-chart]')) {
    const chart = charts[plot.dataset.chart], field = plot.querySelector('.field');
    const off = new Set();
    let cursor, tip, at = 0;
    const valueAt = (share) => chart.log
      ? chart.min * (chart.max / chart.min) ** share
      : chart.min + (chart.max - chart.min) * share;
    const hide = () => { cursor?.remove(); tip?.remove(); cursor = tip = undefined; };
    const point = (share) => {
      at = Math.min(1, Math.max(0, share));
      cursor ??= make('div', 'cursor', field);
      tip ??= make('div', 'tip', field);
      cursor.style.left = at * 100 + '%';
      tip.replaceChildren();
      make('b', '', tip).textContent = show(valueAt(at), chart.xUnit);
      chart.curves.forEach(([name, color, xs, ys], i) => {
        if (off.has(i) || xs.length === 0) return;
        const row = make('div', '', tip), label = make('span', '', row);
        make('i', '', label).style.setProperty('--c', 'var(--s' + color + ')');
        label.append(name);
        make('span', '', row).textContent = show(ys[nearest(xs, valueAt(at))], chart.yUnit);
      });
      const room = field.clientWidth - tip.offsetWidth;
      const left = at * field.clientWidth + (at < 0.5 ? 14 : -14 - tip.offsetWidth);
      tip.style.left = Math.min(room, Math.max(-40, left)) + 'px';
    };
    const follow = (event) => {
      const box = field.getBoundingClientRect();
      point((event.clientX - box.left) / box.width);
    };
    plot.addEventListener('pointermove', follow);
    plot.addEventListener('pointerdown', follow);
    plot.addEventListener('pointerleave', hide);
    plot.addEventListener('blur', hide);
    plot.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -0.01, ArrowRight: 0.01, Home: -1, End: 1 }[event.key];
      if (event.key === 'Escape') hide();
      if (step === undefined) return;
      event.preventDefault();
      point(at + step);
    });
    for (const button of plot.closest('figure').querySelectorAll('button[data-curve]')) {
      button.addEventListener('click', () => {
        const i = Number(button.dataset.curve), hidden = !off.has(i);
        if (hidden) off.add(i); else off.delete(i);
        button.setAttribute('aria-pressed', String(!hidden));
        plot.querySelector('g[data-curve="' + i + '"]').classList.toggle('off', hidden);
      });
    }
  }
})();
`;
