// The upstream of the example: a shop's orders, which say more than anybody outside should see, and a way to change one.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const order = (id) => ({
  id,
  cust_no: 4711,
  customer: { name: 'Elizabeth Bennet', email: 'lizzy@longbourn.example' },
  card: { holder: 'E. Bennet', number: '4111111111111111', cvc: '123' },
  items: [
    { title: 'Persuasion', cents: 1150, internal: { margin: 0.41 } },
    { title: 'Emma', cents: 1290, internal: { margin: 0.38 } },
  ],
  internal: { risk: 'low', margin: 0.4 },
})

export function startOrders(port) {
  const server = createServer(async (request, response) => {
    const say = (value) => response.writeHead(200, { 'Content-Type': 'application/json', ETag: '"orders-7"' }).end(JSON.stringify(value))
    if (request.method === 'GET') {
      say(request.url === '/1' ? order(1) : { orders: Array.from({ length: 50 }, (_, i) => order(i + 1)) })
      return
    }
    let text = ''
    try {
      for await (const part of request) text += part
      say({ accepted: JSON.parse(text) })
    } catch {
      // The gateway broke the request off: there is nobody to answer.
      response.destroy()
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await startOrders(9030)
