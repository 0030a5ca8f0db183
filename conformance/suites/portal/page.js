// What a person sees and reaches on a page. The suite adds a call to this; nothing of it is part of the portal.
(() => {
	const norm = (s) => s.replace(/\s+/g, " ").trim();
	const shown = (e) => e.getClientRects().length > 0 && e.checkVisibility({ visibilityProperty: true });
	// The words of an element, or those of them that can be seen.
	const words = (e, seen) => {
		const parts = [];
		const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const parent = walk.currentNode.parentElement;
			if (parent.closest("script, style, option, [hidden], [aria-hidden=true]") || seen && parent.closest(".visually")) continue;
			const text = norm(walk.currentNode.data);
			if (text) parts.push(text);
		}
		return norm(parts.join(" "));
	};
	const first = (e) => {
		const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) if (norm(walk.currentNode.data)) return norm(walk.currentNode.data);
		return "";
	};
	const called = (e, name) => words(e) === name || words(e, true) === name || norm(e.getAttribute?.("aria-label") || "") === name;
	const rowOf = (e, within) => {
		for (let c = e.parentElement; c; c = c.parentElement) {
			if (c.matches("tr, li, section, fieldset, .card, .choices > *, form, dialog") && words(c).includes(within)) return c;
			if (c.matches("main")) return null;
		}
		return null;
	};
	// The smallest of those that stand beside a text.
	const narrowed = (all, within) => {
		if (!within) return all;
		const fits = all.map((e) => [e, rowOf(e, within)]).filter(([, row]) => row);
		const least = Math.min(...fits.map(([, row]) => words(row).length));
		return fits.filter(([, row]) => words(row).length === least).map(([e]) => e);
	};
	const one = (all, what) => {
		const main = all.filter((e) => e.closest("main"));
		let left = main.length ? main : all;
		if (left.length > 1 && left.every((e) => e.href && e.href === left[0].href)) left = left.slice(0, 1);
		if (left.length === 0) return { error: `there is no ${what}` };
		if (left.length > 1) return { error: `there are ${left.length} of ${what}` };
		const e = left[0];
		globalThis.suiteTarget = e;
		e.scrollIntoView({ block: "center", behavior: "instant" });
		const r = [...e.getClientRects()][0];
		return { x: r.x + r.width / 2, y: r.y + r.height / 2, tag: e.tagName, type: e.type || "", href: e.href || "", value: e.value || "", checked: !!e.checked, disabled: !!e.disabled, readonly: !!e.readOnly,
			download: e.hasAttribute("download"), invalid: e.getAttribute("aria-invalid") === "true" };
	};
	return {
		press(name, within) {
			const all = [...document.querySelectorAll("a[href], button, summary, input[type=submit]")].filter((e) => shown(e) && called(e, name));
			return one(narrowed(all, within), `button or link “${name}”` + (within ? ` beside “${within}”` : ""));
		},
		first(name, within) {
			const all = [...document.querySelectorAll("main a[href], main button")].filter((e) => shown(e) && called(e, name));
			return one(narrowed(all, within).slice(0, 1), `button or link “${name}”`);
		},
		field(name, within) {
			let all = [];
			for (const label of document.querySelectorAll("label")) {
				const e = label.control;
				if (e && shown(e) && (called(label, name) || first(label) === name)) all.push(e);
			}
			for (const e of document.querySelectorAll("[aria-label]")) if (e.matches("input, select, textarea") && shown(e) && called(e, name)) all.push(e);
			return one(narrowed(all, within), `field “${name}”` + (within ? ` beside “${within}”` : ""));
		},
		focused: () => document.activeElement === globalThis.suiteTarget,
		sameGroup: () => document.activeElement.type === "radio" && document.activeElement.name === globalThis.suiteTarget.name && document.activeElement.form === globalThis.suiteTarget.form,
		chosen: () => globalThis.suiteTarget.selectedOptions[0] ? norm(globalThis.suiteTarget.selectedOptions[0].textContent) : "",
		options: () => [...globalThis.suiteTarget.options].map((o) => norm(o.textContent)),
		words: () => words(document.body),
		main: () => words(document.querySelector("main")),
		row(text) {
			const rows = [...document.querySelectorAll("main tbody tr, main .steps > li, main .counts > li, main .choices > *")].filter((e) => shown(e) && words(e).includes(text));
			return rows.length ? rows.map((r) => words(r)).sort((a, b) => a.length - b.length)[0] : "";
		},
		rows: () => [...document.querySelectorAll("main tbody tr")].filter(shown).map((r) => words(r)),
		fact(name) {
			for (const dt of document.querySelectorAll("main dt")) if (words(dt) === name) return words(dt.nextElementSibling);
			return "";
		},
		text: (css) => document.querySelector(css)?.textContent ?? "",
		focus: () => document.activeElement?.id ?? "",
		terminal: () => document.querySelector(".terminal pre")?.textContent.trim() ?? "",
		links: () => [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")),
		mark: () => { document.suiteOld = true; return true; },
		arrived: () => !document.suiteOld && document.readyState === "complete",
		overflow: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
		// torn are texts of short words that take more lines than they have words.
		torn() {
			const all = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			for (let node = walk.nextNode(); node; node = walk.nextNode()) {
				const each = node.textContent.trim().split(/\s+/), around = node.parentElement;
				if (!each[0] || each.some((w) => w.length > 12) || !shown(around) || around.closest(".visually, .code, code, pre, option")) continue;
				const range = document.createRange();
				range.selectNodeContents(node);
				const lines = [...range.getClientRects()].filter((r) => r.width > 0).map((r) => r.bottom).sort((a, b) => a - b).filter((y, i, ys) => i === 0 || y - ys[i - 1] > 8);
				if (lines.length > each.length) all.push(each.join(" "));
			}
			return all;
		},
	};
})()
