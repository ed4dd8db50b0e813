import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/dashboard/index.ts';
import { sampleReport } from './sample-report.ts';

const html = reportHtml(sampleReport);

describe('reportHtml', () => {
  it('gives equal bytes for equal reports', () => {
    expect(reportHtml(structuredClone(sampleReport))).toBe(html);
  });

  it('loads nothing: every address in it is a link a reader may follow', () => {
    const withoutLinks = html.replaceAll(/<a href="[^"]*"/g, '');

    expect(withoutLinks).not.toMatch(/https?:|url\(|@import|src=|<link/);
    expect(html).toContain("default-src 'none'");
  });

  it('lets no text break out of its place', () => {
    expect(html).toContain('A &lt;b&gt;test&lt;/b&gt; &amp; &quot;more&quot;');
    expect(html).not.toContain('<script>alert');
    expect(html.match(/<\/script>/g)).toHaveLength(3);
  });

  it('costs less than 60 KB before any data', () => {
    const empty = reportHtml({ title: 'x', blocks: [], provenance: { command: 'y' } });

    expect(Buffer.byteLength(empty)).toBeLessThan(60_000);
  });

  it('carries a script that parses and data that the script can read', () => {
    const scripts = [...html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
    const [charts, units, code] = scripts.map((match) => match[2] ?? '');

    expect(() => new Script(code ?? '')).not.toThrow();
    expect(JSON.parse(units ?? '')).toHaveProperty('ms');
    expect(JSON.parse(charts ?? '')).toHaveLength(3);
    expect(JSON.parse(charts ?? '')[0].curves[0]).toEqual([
      '</script>',
      0,
      [0, 1_000, 2_000, 3_000],
      [1, null, 4, 2],
    ]);
  });

  it('opens and closes every element it uses', () => {
    const counts = new Map<string, number>();
    const markup = html.replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
    for (const [, close, name, self] of markup.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
      if (self === '/' || /^(meta|input|rect|path)$/.test(name ?? '')) continue;
      counts.set(name ?? '', (counts.get(name ?? '') ?? 0) + (close === '/' ? -1 : 1));
    }

    expect([...counts].filter(([, open]) => open !== 0)).toEqual([]);
  });

  it('describes every chart in words', () => {
    expect(html).toContain(
      'aria-label="Waiting at 10×, 0:00 to 0:03: &lt;/script&gt; from 1 to 4;',
    );
  });

  it('breaks a curve where a value is missing', () => {
    const path = /<g data-curve="0"[^>]*><path d="([^"]*)"/.exec(html)?.[1] ?? '';

    expect(path.match(/M/g)).toHaveLength(2);
  });

  it('prints a date only if one is given', () => {
    const dated = reportHtml({
      ...sampleReport,
      provenance: { ...sampleReport.provenance, date: '2030-01-02' },
    });

    expect(dated).toContain('2030-01-02');
    expect(html).not.toMatch(/\b20\d\d-\d\d-\d\d\b/);
  });
});
