// A service provider in memory, made of scimmy and its routers. It prints its
// base URL. The bearer token is in SCIM_TOKEN.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

// store keeps the resources of one type; unique is the attribute that no two share.
function store(unique) {
	const rows = new Map();
	const names = new Map();
	const gone = () => new SCIMMY.Types.Error(404, null, "no such resource");
	return {
		ingress(resource, data) {
			const name = data[unique].toLowerCase();
			if (resource.id && !rows.has(resource.id)) throw gone();
			const id = resource.id ?? randomUUID();
			if (names.has(name) && names.get(name) !== id) {
				throw new SCIMMY.Types.Error(409, "uniqueness", `${unique} is in use`);
			}
			const before = rows.get(id);
			if (before) names.delete(before[unique].toLowerCase());
			const now = new Date();
			const row = { ...JSON.parse(JSON.stringify(data)), id, meta: { created: before?.meta.created ?? now, lastModified: now } };
			rows.set(id, row);
			names.set(name, id);
			return row;
		},
		egress(resource) {
			if (!resource.id) return resource.filter?.match([...rows.values()]) ?? [...rows.values()];
			if (!rows.has(resource.id)) throw gone();
			return rows.get(resource.id);
		},
		degress(resource) {
			if (!rows.has(resource.id)) throw gone();
			names.delete(rows.get(resource.id)[unique].toLowerCase());
			rows.delete(resource.id);
		},
	};
}

SCIMMY.Resources.declare(SCIMMY.Resources.User, store("userName"));
SCIMMY.Resources.declare(SCIMMY.Resources.Group, store("displayName"));

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
	type: "bearer",
	handler(request) {
		if (request.header("Authorization") !== `Bearer ${process.env.SCIM_TOKEN}`) throw new Error("another token");
		return "client";
	},
}));
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/scim/v2`));
