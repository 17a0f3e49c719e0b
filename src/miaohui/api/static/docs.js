// Swagger UI on the document that the page names; the key that is typed in stays in this tab.
const docs = document.querySelector("#docs");
SwaggerUIBundle({
  url: docs.dataset.document,
  domNode: docs,
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
});
