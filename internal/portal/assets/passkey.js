// Passkeys. The form holds what the browser is to be asked and gets what it answers.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const askBrowser = async (asked) => {
	const o = asked.publicKey;
	o.challenge = bytes(o.challenge);
	for (const list of [o.excludeCredentials, o.allowCredentials]) for (const c of list ?? []) c.id = bytes(c.id);
	if (o.user) o.user.id = bytes(o.user.id);
	const made = o.user ? await navigator.credentials.create({ publicKey: o }) : await navigator.credentials.get({ publicKey: o });
	const r = made.response, response = { clientDataJSON: text(r.clientDataJSON) };
	if (o.user) {
		response.attestationObject = text(r.attestationObject);
		response.transports = r.getTransports?.() ?? [];
	} else {
		response.authenticatorData = text(r.authenticatorData);
		response.signature = text(r.signature);
		if (r.userHandle) response.userHandle = text(r.userHandle);
	}
	return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} });
};

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form.passkey") : []) {
	const button = form.querySelector("button"), problem = form.querySelector(".problem");
	form.querySelector(".without").hidden = true;
	button.hidden = false;
	form.addEventListener("submit", async (e) => {
		e.preventDefault();
		problem.hidden = true;
		button.disabled = true;
		try {
			form.elements.answer.value = await askBrowser(JSON.parse(form.elements.webauthn.value));
			form.elements.webauthn.disabled = true;
			form.submit();
		} catch (err) {
			const why = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known", SecurityError: "address" };
			problem.textContent = form.dataset[why[err.name] ?? "failed"];
			problem.hidden = false;
			button.disabled = false;
		}
	});
}
