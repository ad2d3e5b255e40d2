// Writes OpenAPI 3.1 documents with as many routes as a case wants.

/** 203 resources with three paths each: a list, a member, a part of a member. */
export function templatesOf609(): string[] {
  return resources(203).flatMap((name) => [`/${name}`, `/${name}/{id}`, `/${name}/{id}/parts/{part}`])
}

/** Ten thousand paths in 2,500 resources; `mark` names one more path by which a version of the document is told from the next. */
export function templatesOf10000(mark: string): string[] {
  const paths = resources(2500).flatMap((name) => [`/${name}`, `/${name}/{id}`, `/${name}/{id}/parts`, `/${name}/{id}/parts/{part}`])
  return [...paths.slice(0, 9999), `/mark-${mark}`]
}

/** The document as JSON text: one GET for every template, with its parameters declared. */
export function openapiDocument(templates: readonly string[]): string {
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'A table of routes', version: '1.0.0' },
    paths: Object.fromEntries(templates.map((template, index) => [template, { get: operation(template, `read${index}`) }])),
  })
}

/** A path that the template matches. */
export function pathFor(template: string, seed: number): string {
  return template.replaceAll(/\{[^}]+\}/g, (name) => `${name.slice(1, -1)}-${seed}`)
}

function operation(template: string, operationId: string) {
  const parameters = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string', maxLength: 64 } }))
  return { operationId, parameters, responses: { 200: { description: 'What was asked for.' } } }
}

function resources(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `resource-${String(index).padStart(4, '0')}`)
}
