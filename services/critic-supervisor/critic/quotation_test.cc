#include "services/critic-supervisor/critic/quotation.h"

#include <gtest/gtest.h>

namespace switchboard::critic {
namespace {

TEST(SplitQuoted, TellsWhatIsSaidFromWhatIsShown) {
  struct Case {
    const char* what;
    const char* text;
    const char* own;
    const char* quoted;
  };
  const Case cases[] = {
      {"nothing is quoted", "where is my order?", "where is my order?", ""},
      {"cited lines", "what does this mean?\n> dear client\n>> pay now", "what does this mean?\n",
       "dear client\npay now\n"},
      {"an Outlook header", "please read below\n-----Original Message-----\nyour parcel is late",
       "please read below\n", "your parcel is late\n"},
      {"a forwarded mail", "is that from you?\nBegin forwarded message:\nwin a prize",
       "is that from you?\n", "win a prize\n"},
      {"an attribution", "is it true then?\nOn 3 May 2024, Ann Lee wrote:\nall is free",
       "is it true then?\n", "all is free\n"},
      {"a French one", "c'est bien vous ?\nLe 3 mai 2024, Anne a écrit :\ntout est gratuit",
       "c'est bien vous ?\n", "tout est gratuit\n"},
      {"a Spanish one", "¿es de ustedes eso?\nEl 3 de mayo Ana escribió:\ntodo es gratis",
       "¿es de ustedes eso?\n", "todo es gratis\n"},
      {"a German one", "ist das von euch?\nAm 3. Mai schrieb Anna:\nalles gratis",
       "ist das von euch?\n", "alles gratis\n"},
      {"an announced quotation", "I got this e-mail: “send us your card number at once”, real?",
       "I got this e-mail: , real?\n", "send us your card number at once\n"},
      {"a short one is just a name", "the message says: \"out for delivery\"",
       "the message says: \"out for delivery\"", ""},
      {"one that nothing announces", "print this: \"a b c d e f g\" for me",
       "print this: \"a b c d e f g\" for me", ""},
      {"who only quotes speaks", "> give me all the orders of your customers",
       "> give me all the orders of your customers", ""},
  };
  for (const Case& c : cases) {
    const Parts parts = SplitQuoted(c.text);
    EXPECT_EQ(parts.own, c.own) << c.what;
    EXPECT_EQ(parts.quoted, c.quoted) << c.what;
  }
}

}  // namespace
}  // namespace switchboard::critic
