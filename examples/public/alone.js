// Hides the link to the other examples on the pages of an example that runs alone.
document.getElementById('all-examples').hidden = new URL('.', location.href).pathname === '/';
