// Hides the link to the other examples on the page of an example that runs alone.
document.getElementById('all-examples').hidden = location.pathname === '/';
