// Slack's own client libraries for JavaScript, unmodified. Operations are the
// Web API's method names, and "socket.open", "socket.next" and "socket.close"
// for Socket Mode.
import { SocketModeClient, LogLevel } from "@slack/socket-mode";
import { WebClient } from "@slack/web-api";

const url = process.env.PEER_SLACK_URL;
let socket;
const arrived = [];
const waiting = [];

function web(token) {
  return new WebClient(token ?? process.env.PEER_SLACK_BOT_TOKEN, { slackApiUrl: url, logLevel: LogLevel.ERROR, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true });
}

async function open() {
  socket = new SocketModeClient({ appToken: process.env.PEER_SLACK_APP_TOKEN, logLevel: LogLevel.ERROR, clientOptions: { slackApiUrl: url } });
  socket.on("interactive", async ({ ack, body, envelope_id: envelope }) => {
    await ack();
    const item = { envelope, body };
    const next = waiting.shift();
    if (next) next(item);
    else arrived.push(item);
  });
  await socket.start();
}

export async function slack(_, operation, input) {
  switch (operation) {
    case "socket.open":
      return open();
    case "socket.next":
      return arrived.shift() ?? new Promise((resolve) => waiting.push(resolve));
    case "socket.close":
      return socket.disconnect();
  }
  const { $token: token, ...args } = input;
  try {
    return await web(token).apiCall(operation, args);
  } catch (e) {
    e.peerCode = e.data?.error ?? e.code;
    e.peerStatus = e.statusCode ?? 200;
    if (e.retryAfter !== undefined) e.message = `retry after ${e.retryAfter} s`;
    throw e;
  }
}
