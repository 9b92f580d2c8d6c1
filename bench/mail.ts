export const mail = {
  from: "orders@example.com",
  to: "ada@example.org",
  subject: "Your order",
  text: "It is on its way.",
  html: "<p>It is on its way.</p>",
};
