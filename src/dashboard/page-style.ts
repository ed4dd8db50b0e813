/**
 * The style sheet of a report: one column, system fonts, light and dark, no network. Curves take
 * colour slots 0–7, chosen to stay apart for colour-blind readers in both themes.
 */

const LIGHT =
  '--bg:#f7f7f5;--card:#fff;--ink:#1c2330;--soft:#5c6675;--line:#e4e6ea;--grid:#eceef1;--good:#0a7d5a;--bad:#bf3f24;' +
  '--s0:#c8502b;--s1:#2f6fb5;--s2:#0f8a66;--s3:#b07a00;--s4:#8456b8;--s5:#2492ab;--s6:#b8457f;--s7:#7a8494';
const DARK =
  '--bg:#0f1318;--card:#161b22;--ink:#e6e9ee;--soft:#96a1b0;--line:#262d37;--grid:#212832;--good:#4ecfa0;--bad:#f08a6c;' +
  '--s0:#f0845c;--s1:#6aa9ec;--s2:#46c79b;--s3:#e0b04a;--s4:#b692e6;--s5:#5cc6de;--s6:#ea86b6;--s7:#8d98a8';

/** Declares the colours of both themes on `selector`. */
export function chartColors(selector: string): string {
  return `${selector}{color-scheme:light dark;${LIGHT}}@media(prefers-color-scheme:dark){${selector}{${DARK}}}`;
}

/** The style sheet of a report page. */
export function pageStyle(): string {
  return chartColors(':root') + RULES;
}

const RULES = `
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1060px;margin:0 auto;padding:3.5rem 1.5rem 3rem}
h1{font-size:clamp(1.6rem,4vw,2.3rem);line-height:1.15;letter-spacing:-.02em;margin:0;font-weight:650;text-wrap:balance}
h2{font-size:1.25rem;letter-spacing:-.01em;margin:3rem 0 1rem;font-weight:650}
h3{font-size:1rem;margin:0;font-weight:620}
p{margin:.6rem 0;max-width:70ch}
.lead{color:var(--soft);font-size:1.06rem;margin:.7rem 0 0}
.caption{color:var(--soft);font-size:.87rem;margin:.15rem 0 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:.8rem;margin:2rem 0 0;padding:0;list-style:none}
.figures li{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.1rem}
.figures strong{display:block;font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;font-weight:640;font-variant-numeric:tabular-nums}
.figures .good strong{color:var(--good)}.figures .bad strong{color:var(--bad)}
.figures span{display:block;color:var(--soft);font-size:.84rem}
.block{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.15rem 1.25rem 1.1rem;margin:1rem 0}
.scroll{overflow-x:auto;margin:.8rem -1.25rem 0;padding:0 1.25rem;outline-offset:-2px}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:.42rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
thead th{color:var(--soft);font-weight:500;font-size:.8rem;vertical-align:bottom;border-color:var(--line)}
th:first-child{text-align:left;padding-left:0;position:sticky;left:-1.25rem;background:var(--card);z-index:1}
tbody th{font-weight:500}
td.words,th.words{text-align:left;white-space:normal;min-width:14em}
td b{font-weight:680;color:var(--good)}
tr.group th{border:0;padding-top:1rem;color:var(--soft);font-size:.8rem;font-weight:600}
tbody:last-child tr:last-child>*{border-bottom:0}
.dot{display:inline-block;width:.6em;height:.6em;border-radius:50%;background:var(--c);margin-right:.5em}
td.bar span{display:block;position:relative;padding-bottom:3px}
td.bar span::after{content:"";position:absolute;left:0;right:0;bottom:-2px;height:3px;border-radius:2px;background:linear-gradient(90deg,var(--good) var(--v),var(--grid) 0);opacity:.75}
.legend{display:flex;flex-wrap:wrap;gap:.15rem .3rem;margin:.45rem -.45rem 0}
.legend button,.legend span{all:unset;box-sizing:border-box;display:inline-flex;align-items:center;gap:.45em;font-size:.84rem;color:var(--ink);padding:.25rem .45rem;border-radius:7px}
.legend button{cursor:pointer}.legend button:hover{background:var(--grid)}
.legend button:focus-visible,.plot:focus-visible,.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--s1)}
.legend i{width:14px;height:3px;border-radius:2px;background:var(--c)}
.legend .area i{height:9px;opacity:.4}.legend span i{height:10px;width:10px}
.legend [aria-pressed=false]{color:var(--soft);text-decoration:line-through}.legend [aria-pressed=false] i{opacity:.25}
.plot{position:relative;display:grid;grid-template:240px 1.6rem/3.1rem 1fr;margin-top:.7rem;outline-offset:4px;border-radius:4px;touch-action:pan-y}
.field{position:relative}.field svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.plot .y,.plot .x{position:relative;font-size:.74rem;color:var(--soft);font-variant-numeric:tabular-nums}
.plot .y span{position:absolute;right:.55rem;transform:translateY(50%);white-space:nowrap}
.plot .x{grid-column:2}.plot .x span{position:absolute;top:.35rem;transform:translateX(-50%);white-space:nowrap}
svg path{fill:none;vector-effect:non-scaling-stroke;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
svg .grid{stroke:var(--grid);stroke-width:1}
svg .mark{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:2 5}
svg g path{stroke:var(--c)}
svg g.area path{stroke-width:1;stroke-opacity:.55}svg g .fill{fill:var(--c);fill-opacity:.14;stroke:none!important}
svg g.off{display:none}
.band{fill:var(--soft);opacity:.1}.band.bad{fill:var(--bad);opacity:.1}.band.good{fill:var(--good);opacity:.1}
.label{position:absolute;top:.1rem;font-size:.74rem;line-height:1.3;padding:0 .4rem;color:var(--soft);pointer-events:none;max-width:11rem}
.label.bad{color:var(--bad)}.label.good{color:var(--good)}.label.at{top:auto;right:0;padding:0 0 .1rem}
.cursor{position:absolute;top:0;bottom:0;width:1px;background:var(--soft);opacity:.55;pointer-events:none}
.tip{position:absolute;z-index:2;top:.3rem;pointer-events:none;background:var(--card);border:1px solid var(--line);border-radius:9px;box-shadow:0 6px 24px #0003;padding:.5rem .7rem;font-size:.8rem;white-space:nowrap;font-variant-numeric:tabular-nums}
.tip b{display:block;font-weight:600;color:var(--soft);margin-bottom:.15rem}
.tip div{display:flex;gap:1.2em;justify-content:space-between}.tip i{display:inline-block;width:.6em;height:.6em;border-radius:50%;background:var(--c);margin-right:.5em}
details{margin-top:.5rem;font-size:.84rem;color:var(--soft)}summary{cursor:pointer;width:max-content;border-radius:4px}
details table{width:auto;color:var(--ink)}
.bars{display:grid;grid-template-columns:max-content 1fr;gap:.5rem 1rem;margin:.9rem 0 0;font-size:.88rem;align-items:center}
.bars dt{max-width:34vw}.bars dd{margin:0;padding-right:5.2rem}
.rod{position:relative;height:1.25rem;margin:.12rem 0;background:linear-gradient(var(--line),var(--line)) var(--zero) 0/1px 100% no-repeat}
.rod i{position:absolute;left:var(--from);width:var(--size);min-width:2px;top:.15rem;bottom:.15rem;border-radius:3px;background:var(--c)}
.rod span{position:absolute;left:calc(max(var(--zero),var(--from) + var(--size)) + .5rem);font-size:.82rem;line-height:1.25rem;white-space:nowrap;font-variant-numeric:tabular-nums}
.tabs>input{position:absolute;opacity:0;pointer-events:none}
.tabs>.bar{display:inline-flex;flex-wrap:wrap;gap:.2rem;background:var(--grid);border-radius:10px;padding:.22rem;margin:.4rem 0 0}
.tabs>.bar label{padding:.28rem .95rem;border-radius:8px;cursor:pointer;font-size:.9rem;font-weight:550;color:var(--soft)}
.tabs>.panel{display:none}
.about{border-top:1px solid var(--line);margin-top:3rem;padding-top:1.2rem;color:var(--soft);font-size:.86rem}
.about code{font:.92em ui-monospace,SFMono-Regular,Menlo,monospace;color:var(--ink);overflow-wrap:anywhere}
.about dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;margin:0}.about dd{margin:0;color:var(--ink)}.about ul{margin:.8rem 0 0;padding-left:1.1rem}.about a{color:inherit}
@media(max-width:600px){main{padding:2rem .9rem}.block{padding:1rem}.scroll{margin-inline:-1rem;padding:0 1rem}th:first-child{left:-1rem}.plot{grid-template:200px 1.6rem/2.7rem 1fr}.plot .x .minor{display:none}.figures{grid-template-columns:1fr 1fr}.figures strong{font-size:1.4rem}.tabs>.bar label{padding:.28rem .7rem}}
@media print{body{background:#fff}.tabs>.panel{display:block!important}.legend button{padding:0}.block{break-inside:avoid}}
`;
