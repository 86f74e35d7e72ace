"""The style of a report as HTML: every selector is below `.guardbind`, so that a notebook keeps its own."""

from __future__ import annotations

__all__ = ["COLOURS", "STYLE"]

COLOURS = 6
"""Bindings that have a colour of their own; further ones begin again, and their numbers tell them apart."""

# Hues of the Okabe-Ito palette, which people with any of the common colour deficiencies tell apart.
_LIGHT = ("#cfe6f7", "#fbe3b5", "#c9ecdf", "#f3d9e8", "#f7d3c0", "#f3efb0")
_DARK = ("#12405f", "#5c4308", "#0b4a38", "#5a2c48", "#632c12", "#4d4a0c")


def _palette(colours: tuple[str, ...]) -> str:
    return " ".join(f"--item{i}: {colour};" for i, colour in enumerate(colours))


_ITEMS = "\n".join(f".guardbind .item{i} {{ background: var(--item{i}); }}" for i in range(COLOURS))

STYLE = f"""
.guardbind {{
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --faint: #59636e; --rule: #d5dae0; --band: #f5f7f9;
  --good: #005a94; --bad: #b03a00; --gate: #8a2f6b; --weak: #7a5200;
  {_palette(_LIGHT)}
}}
@media (prefers-color-scheme: dark) {{
  .guardbind {{
    --page: #14171b; --ink: #e4e7eb; --faint: #a0a9b4; --rule: #3c434c; --band: #1e2329;
    --good: #7dbcf5; --bad: #ff9c70; --gate: #e6a0cb; --weak: #e6bf6a;
    {_palette(_DARK)}
  }}
}}
body:has(> .guardbind.page) {{ margin: 0; }}
.guardbind {{
  background: var(--page); color: var(--ink); padding: 1rem clamp(0.8rem, 3vw, 2rem);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
}}
.guardbind.page {{ min-height: 100vh; box-sizing: border-box; padding-bottom: 3rem; }}
.guardbind > * {{ box-sizing: border-box; max-width: 60rem; margin-left: auto; margin-right: auto; }}
.guardbind h1 {{ font-size: 1.4rem; margin-top: 0; margin-bottom: 0.2rem; }}
.guardbind h2 {{ font-size: 1.15rem; margin: 0 0 0.4rem; }}
.guardbind h3 {{ font-size: 0.85rem; margin: 1rem 0 0.25rem; color: var(--faint); font-weight: 600; }}
.guardbind p {{ margin-top: 0.2rem; margin-bottom: 0.4rem; }}
.guardbind .faint {{ color: var(--faint); font-size: 0.9rem; }}
.guardbind .notice {{ border-left: 4px solid var(--weak); padding-left: 0.8rem; }}
.guardbind section {{ border-top: 2px solid var(--rule); padding-top: 1rem; margin-top: 1.5rem; }}
.guardbind .text {{
  white-space: pre-wrap; background: var(--band); border: 1px solid var(--rule); border-radius: 0.4rem;
  padding: 0.7rem 0.9rem; font: 0.95rem/1.9 ui-monospace, "DejaVu Sans Mono", Menlo, monospace;
  max-height: 32rem; overflow-y: auto; unicode-bidi: plaintext;
}}
.guardbind .text span {{ border-radius: 0.2rem; padding: 0.1rem 0; }}
.guardbind .text [title] {{ cursor: help; }}
.guardbind .bound {{ font-weight: 700; text-decoration: underline; text-underline-offset: 0.2em; }}
.guardbind .target {{ box-shadow: inset 0 -0.16em var(--ink); }}
.guardbind .value {{ border-bottom: 2px dotted var(--faint); }}
.guardbind .slot {{ border: 2px solid; padding: 0.05rem 0.15rem; font-weight: 700; background: var(--page); }}
.guardbind sup {{
  font: 600 0.7rem/1 system-ui, "DejaVu Sans", sans-serif; unicode-bidi: isolate; user-select: none;
  padding: 0 0.2rem; vertical-align: 0.4em; white-space: nowrap;
}}
.guardbind .ok {{ color: var(--good); }}
.guardbind .binding_failure {{ color: var(--bad); }}
.guardbind .gate_failure {{ color: var(--gate); }}
.guardbind .unsupported, .guardbind .absent, .guardbind .unresolved {{ color: var(--weak); }}
.guardbind .slot.binding_failure {{ border-style: double; border-width: 3px; }}
.guardbind .slot.gate_failure {{ border-style: dashed; }}
.guardbind .slot:is(.unsupported, .absent, .unresolved) {{ border-style: dotted; }}
.guardbind ul.items {{ list-style: none; padding: 0; margin: 0.4rem 0 0; display: flex; flex-wrap: wrap; gap: 0.3rem; }}
.guardbind ul.items li {{ border-radius: 0.3rem; padding: 0 0.5rem; margin: 0; font-size: 0.88rem; }}
.guardbind details {{
  border: 1px solid var(--rule); border-radius: 0.4rem; padding: 0.3rem 0.8rem; margin-top: 0.4rem;
}}
.guardbind summary {{ cursor: pointer; }}
.guardbind details[open] > summary {{ margin-bottom: 0.3rem; }}
.guardbind .tables {{ display: flex; flex-wrap: wrap; gap: 0.2rem 2rem; align-items: flex-start; }}
.guardbind table {{
  border-collapse: collapse; font-size: 0.88rem; font-variant-numeric: tabular-nums; margin: 0.3rem 0; color: inherit;
  max-width: 100%;
}}
.guardbind caption {{ text-align: left; color: var(--faint); font-weight: 600; }}
.guardbind tr {{ background: none; }}
.guardbind th, .guardbind td {{ padding: 0.15rem 0.6rem; text-align: right; border-bottom: 1px solid var(--rule); }}
.guardbind th.words, .guardbind td.words {{ text-align: left; }}
.guardbind code {{ font: 0.92em ui-monospace, "DejaVu Sans Mono", Menlo, monospace; white-space: pre-wrap; }}
{_ITEMS}
@media print {{ .guardbind .text {{ max-height: none; }} }}
"""
