// Says some words over the WebSocket of the example, each as a message, and prints what comes back and how it ends: node talk.js KEY WORDS...
const [, , key, ...words] = process.argv
const socket = new WebSocket(process.env.CHAT ?? 'ws://127.0.0.1:8100/chat', { headers: { 'X-API-Key': key } })
let heard = 0
socket.onopen = () => {
  for (const word of words) socket.send(word)
}
socket.onmessage = ({ data }) => {
  console.log(data)
  if (++heard === words.length) socket.close(1000, 'all said')
}
socket.onclose = ({ code, reason }) => console.log(`closed with ${code} ${reason}`)
socket.onerror = () => {
  process.exitCode = 1
}
