// Small comforts. Every page works without them.

// Times in the reader's own zone: the one that was chosen, else the browser's.
const chosen = document.documentElement.dataset.zone;
const words = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang; // the day first, as the server writes it
for (const t of document.querySelectorAll("time[datetime]")) {
	const at = new Date(t.dateTime);
	if (t.dataset.form === "moment") {
		t.title = t.textContent;
		t.textContent = at.toLocaleString(words, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: chosen });
	} else {
		t.title = at.toISOString();
	}
}

// Days begin where the reader is.
const zone = document.querySelector("input[data-zone]");
if (zone) {
	zone.value = chosen || Intl.DateTimeFormat().resolvedOptions().timeZone || "";
	if (zone.value) document.getElementById("zone").textContent = zone.dataset.zone.replace("%s", zone.value.replace("_", " "));
}

// Buttons that copy what stands beside them.
for (const b of document.querySelectorAll("button[data-copy]")) {
	b.hidden = false;
	b.addEventListener("click", async () => {
		await navigator.clipboard.writeText(document.getElementById(b.dataset.copy).textContent.trim());
		const said = b.textContent;
		b.textContent = b.dataset.copied;
		setTimeout(() => { b.textContent = said; }, 2000);
	});
}

// Buttons that put what stands beside them into fields.
for (const b of document.querySelectorAll("button[data-take]")) {
	b.hidden = false;
	b.addEventListener("click", () => {
		for (const id of b.dataset.into.split(" ")) {
			const field = document.getElementById(id);
			field.value = document.getElementById(b.dataset.take).textContent.trim();
			field.dispatchEvent(new Event("input", { bubbles: true }));
		}
	});
}

// How hard a new password is to guess, by its length and its kinds of characters; those that repeat or count on add nothing. What may be set the server says.
for (const field of document.querySelectorAll("input[data-strength]")) {
	const said = document.getElementById(field.dataset.strength), words = said.dataset.words.split("|");
	field.addEventListener("input", () => {
		const chars = [...field.value], codes = chars.map((c) => c.codePointAt(0));
		const kinds = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 33]].filter(([is]) => is.test(field.value));
		const counted = codes.filter((c, i) => i === 0 || Math.abs(c - codes[i - 1]) > 1).length;
		const bits = counted * Math.log2(kinds.reduce((n, [, many]) => n + many, 1));
		const level = chars.length < Number(said.dataset.least) ? 0 : 1 + [50, 70, 90].filter((n) => bits >= n).length;
		said.hidden = chars.length === 0;
		said.querySelector("meter").value = level;
		said.querySelector("output").textContent = words[level];
	});
}

// The menu is a sheet on a phone and starts closed there; others close when the reader goes elsewhere.
const side = document.querySelector(".sheetnav");
if (side && matchMedia("(max-width: 760px)").matches) side.open = false;
document.addEventListener("click", (e) => {
	for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(e.target)) menu.open = false;
});
document.addEventListener("keydown", (e) => {
	if (e.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) {
		menu.open = false;
		menu.querySelector("summary").focus();
	}
});

// The keys / and ?, which whoever types by voice can turn off.
const keys = document.getElementById("keys");
if (keys) {
	const use = document.getElementById("use-keys"), show = document.getElementById("show-keys");
	use.checked = localStorage.getItem("keys") !== "off";
	use.addEventListener("change", () => { localStorage.setItem("keys", use.checked ? "on" : "off"); });
	document.getElementById("close-keys").addEventListener("click", () => keys.close());
	show.hidden = false;
	show.addEventListener("click", () => { show.closest("details").open = false; keys.showModal(); });
	document.addEventListener("keydown", (e) => {
		if (!use.checked || e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, textarea, dialog")) return;
		const search = document.querySelector("main input[type=search]");
		if (e.key === "?") keys.showModal();
		else if (e.key === "/" && search) { search.focus(); search.select(); } else return;
		e.preventDefault();
	});
}

// What went wrong is what the reader should see first.
document.querySelector(".note.bad[tabindex]")?.focus();

// How many rows of a list are chosen.
const says = document.querySelector("#chosen output");
if (says) {
	const boxes = [...document.querySelectorAll('input[form="chosen"]')];
	const count = () => { says.hidden = false; says.textContent = says.dataset.says.replace("%d", boxes.filter((b) => b.checked).length); };
	for (const b of boxes) b.addEventListener("change", count);
	count();
}
