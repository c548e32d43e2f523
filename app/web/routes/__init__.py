"""One module a page or a small group of pages; `app.web.application` lists them."""
