"""A trained network as a page on which one draws digits: one file for offline use, or served live.

The pieces, each of which uses only those before it:

- `description.describe` turns a network into plain values for JSON; `description.network_weights` returns its
  weights alone, for updates of a page that already has the description.
- ``static/*.js`` are ES modules without dependencies. ``network.js`` computes a described network, ``prepare.js`` turns
  a drawing into its input, ``explain.js`` returns the terms of a sum, and ``app.js`` is the page. They run in browsers
  and in Node as they are.
- `page.write_page` joins modules, style and descriptions in one HTML file (`bundle`).
"""
