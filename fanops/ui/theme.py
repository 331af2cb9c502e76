"""Colours of the house for charts; the screen's are in ``pages/.streamlit/config.toml`` (a test holds them equal)."""

from __future__ import annotations

INK = "#1F2328"
QUIET = "#6B7075"
LINE = "#E4E1DA"
TEA = "#2F6F5E"
PERSIMMON = "#C8552B"

# Polarity runs orange, grey, blue: never red and green.
NEGATIVE = "#C8552B"
NEUTRAL = "#9AA0A6"
POSITIVE = "#3F6EA8"

CATEGORICAL = ("#2F6F5E", "#C8552B", "#3F6EA8", "#B8860B", "#8A5A9E", "#4FA3B8", "#7A6A58", "#9AA0A6")
"""The same store or theme always in the same colour: index by its place in a list sorted by id."""

CHINESE_WIDGETS = """<style>
[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
[data-testid="stFileUploaderDropzone"] > span button p { font-size: 0; }
[data-testid="stFileUploaderDropzone"] > span button p::after { content: "选择文件"; font-size: 1rem; }
[data-testid="stToastViewButton"] { font-size: 0; }
[data-testid="stToastViewButton"]::after { content: "展开或收起"; font-size: 0.875rem; }
[data-testid="stFileChip"][aria-invalid="true"] { height: auto; }
[data-testid="stFileChip"][aria-invalid="true"] [data-testid="stFileChipName"] { white-space: normal; }
[data-testid="stFileChip"][aria-invalid="true"] [data-testid="stFileChipName"]::after {
  content: "：这个文件不能用，种类不对或太大"; }
</style>"""
"""What Streamlit's uploader and long floating notices say in English; the rest has a label of ours. Constant: no text of people."""

THUMBS = """<style>
@media (pointer: coarse), (max-width: 640px) {
  [data-testid="stMain"], [data-testid="stDialog"], [data-testid="stPopoverBody"], [data-testid="stSidebarContent"] {
    & :is([data-testid="stPageLink-NavLink"], [data-testid="stSidebarNavLink"], [data-testid="stExpander"] summary,
      [data-testid="stTab"], [data-testid="stTextInputField"], [data-testid="stBaseButton-primary"],
      [data-testid="stBaseButton-secondary"], [data-testid="stBaseButton-tertiary"], [data-testid="stPopoverButton"],
      [data-testid="stBaseButton-primaryFormSubmit"], [data-testid="stBaseButton-secondaryFormSubmit"],
      [data-testid="stButtonGroup"] button, [data-testid="stPagination"] button,
      [data-testid="stBaseLinkButton-secondary"],
      :is([data-testid="stSelectbox"], [data-testid="stMultiSelect"]) :is([role="group"], [role="combobox"], [role="combobox"] + button)
      ) { min-height: 44px; min-width: 44px; }
    & [data-testid="stPageLink-NavLink"] :is(p, span) { white-space: normal; }
  }
  [role="listbox"] [role="option"] { min-height: 44px; align-items: center; }
  [data-testid="stFullScreenFrame"]:has([data-testid="stVegaLiteChart"], [data-testid="stEChartsChart"])
    [data-testid="stElementToolbar"] { display: none; }
}
</style>"""
"""Targets of 44 px where a finger taps (a picture's own buttons of 24 px, in English, are gone there), and links whose last
words are not cut off. Constant: no text of people."""

NOTICES = """<style>
@media (min-width: 641px) {
  [data-testid="stToastContainer"] { top: auto; bottom: 1.5rem; }
}
@keyframes said-in-place { from, to { visibility: hidden; } }
@supports (animation-timeline: view()) {
  body { timeline-scope: --done; }
  .st-key-done { view-timeline: --done; }
  [data-testid="stToast"]:has([data-testid="stToastText"] [aria-label="check icon"]) {
    animation: said-in-place linear; animation-timeline: --done; animation-range: contain; }
}
</style>"""
"""On a desk what floats floats below: above it would lie on 撤销 of the same notice. What was done floats only while its own
place is scrolled out of sight; a browser that can't tell shows both. Constant: no text of people."""

CHOSEN = """<style>
[data-testid="stApp"] :is([data-testid="stTab"][aria-selected="true"], [data-testid="stButtonGroup"] button[data-selected]) {
  &, & p { color: light-dark(#2F6F5E, #6FB39E); }
}
</style>"""
"""The chosen tab and segment in the colour of links: the darker one of buttons, white on dark, is too faint as words."""
