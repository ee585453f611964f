// jira.js, unmodified. Operations are "<group>.<method>" of its client of
// version 3, or of version 2 with the prefix "v2:".
import { Version2Client, Version3Client } from "jira.js";

const options = (token) => ({
  host: process.env.PEER_JIRA_URL,
  authentication: { basic: { email: process.env.PEER_JIRA_USER, apiToken: token ?? process.env.PEER_JIRA_TOKEN } },
});

export async function jira(_, operation, { $token: token, ...input }) {
  const old = operation.startsWith("v2:");
  const [group, method] = operation.replace("v2:", "").split(".");
  const client = old ? new Version2Client(options(token)) : new Version3Client(options(token));
  try {
    const answer = await client[group][method](input);
    return answer === "" ? {} : answer; // 204, no content
  } catch (e) {
    e.peerStatus = e.status ?? e.response?.status ?? e.cause?.response?.status ?? 0;
    e.peerCode = String(e.peerStatus);
    e.message = JSON.stringify(e.response ?? e.cause?.response?.data ?? e.message);
    throw e;
  }
}
