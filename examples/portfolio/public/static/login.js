// Shows why the server has sent the browser to this page.
const message = document.getElementById('message');

if (location.search === '?error') {
  message.className = 'problem';
  message.textContent = 'The user name or the password is wrong.';
} else if (location.search === '?logout') {
  message.textContent = 'You have signed out.';
}
