// What everybody tries first: long passwords found in leaks again and again, and the words that short ones are made longer with.

/** Of at least twelve characters, in lower case: shorter ones are refused for their length. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `correct horse battery staple|correcthorsebatterystaple|thequickbrownfox|the quick brown fox|tobeornottobe|maytheforcebewithyou|iloveyouforever
iloveyousomuch|ihatepasswords|letmeinplease|mypasswordis|notmypassword|thisismypassword|thisisapassword|supersecretpassword|openthedoor123
jesuschrist1|godisgood123|liverpoolfc1|manchesterunited|realmadrid123|chelseafc1905|harrypotter123|gameofthrones|lordoftherings|pokemonmaster
metallica1234|slipknot6666|blink182blink|spongebobsquarepants|mickeymouse123|minecraft1234|counterstrike|worldofwarcraft|leagueoflegends
changemenow1|temporary123|defaultpassword|administrator|administrator1|rootrootroot|trustno1trustno1|whatever1234|1q2w3e4r5t6y|1q2w3e4r5t6y7u8i
q1w2e3r4t5y6|zaq12wsxcde3|a1b2c3d4e5f6|aa123456789a|abcd1234abcd|abc123abc123|123qweasdzxc|qweasdzxc123|1qazxsw23edc|!qaz2wsx#edc
147258369147|147852369147|159753456852|741852963741|987654321987|112233445566|121212121212|123123123123|111222333444|102030405060|0987654321qwe`
    .split(/[|\n]/)
    .map((each) => each.trim()),
)

/** What is taken out of a password before what is left is counted. `gatehouse` because it is where the password is for. */
export const COMMON_WORDS: readonly string[] =
  `gatehouse gateway password passwort passwd passw0rd motdepasse contrasena senha kennwort welcome willkommen bienvenue letmein login signin secret
geheim admin administrator root user guest test testing demo default changeme change temp temporary qwerty qwertz azerty asdfgh zxcvbn iloveyou love monkey
dragon master sunshine princess football baseball superman batman shadow michael jennifer summer winter spring autumn january february march april june july
august september october november december monday friday company office london berlin paris security secure access system server cloud
123456 1234567 12345678 123456789 1234567890 12345 1234 654321 111111 000000 112233 123123 abc123 qazwsx 2020 2021 2022 2023 2024 2025 2026 2027 2028`.split(
    /\s+/,
  )
