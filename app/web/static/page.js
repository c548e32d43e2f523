// Small helps on every page: selects that send their form, times in words that stay exact on hover.
"use strict";
(() => {
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-send-on-change]");
    if (form) form.requestSubmit();
  });
  document.querySelectorAll("form[data-send-on-change] [data-without-script]").forEach((button) => { button.hidden = true; });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
  });
  document.querySelectorAll("[data-with-script]").forEach((part) => { part.hidden = false; });
})();
