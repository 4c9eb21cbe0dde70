package zohoauth

// FileName is the file of a key in a DirStore.
var FileName = fileName
