// What a security action means for `event.type`.

const ALLOWED = ["allowed"];
const DENIED = ["denied"];
const END = ["end"];

export const TYPES = new Map([
  ["allow", ALLOWED],
  ["bypass", ALLOWED],
  ["skip", ALLOWED],
  ["challengesolved", ALLOWED],
  ["challengebypassed", ALLOWED],
  ["jschallengesolved", ALLOWED],
  ["jschallengebypassed", ALLOWED],
  ["managedchallengeskipped", ALLOWED],
  ["managedchallengenoninteractivesolved", ALLOWED],
  ["managedchallengeinteractivesolved", ALLOWED],
  ["managedchallengebypassed", ALLOWED],
  ["block", DENIED],
  ["challengefailed", DENIED],
  ["jschallengefailed", DENIED],
  ["managedchallengefailed", DENIED],
  ["connectionclose", END],
  ["forceconnectionclose", END],
]);

