import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { RelayIssued } from '../relay/issued-relay.dto';

export class JourneyQuery {
  /** Only this customer's steps; a relay id may stand in a message to many */
  @ApiProperty({ required: false, example: '9007199254740993' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  appUserId?: string;
}

/** One thing that happened. */
export class JourneyStep {
  at: Date;

  /** The app it happened in */
  @ApiProperty({ example: 'payment' })
  app: string;

  /** What it happened to: `capture`, `login`, `draft`, `order`, `refund`, `subscription` */
  @ApiProperty({ example: 'order' })
  what: string;

  /** Its id, as that app's operator API knows it */
  id: string;

  /** What it became */
  @ApiProperty({ example: 'paid' })
  state: string;

  /** What it came from: the product of a draft, the order sheet of an order (a draft's id in a task chain), the plugin of a capture, the member of a login */
  of?: string;

  merchant: string;

  /** Absent where Kakao does not say who it is */
  appUserId?: string;
}

export class JourneyMember {
  @ApiProperty({ example: 'joined' })
  state: string;

  joinedAt: Date;
}

/** A customer of the journey. */
export class JourneyCustomer {
  merchant: string;

  appUserId: string;

  /** Of Kakao Sync; who joined before goes straight on, without a login */
  @ApiProperty({ type: JourneyMember, required: false })
  member?: JourneyMember;
}

/** All that happened because of one relay id, oldest first. No personal data. */
export class Journey {
  relayId: string;

  /** Absent: a foreign relay id */
  @ApiProperty({ type: RelayIssued, required: false })
  issued?: RelayIssued;

  @ApiProperty({ type: [JourneyCustomer] })
  customers: JourneyCustomer[];

  @ApiProperty({ type: [JourneyStep], description: 'Oldest first' })
  items: JourneyStep[];

  /** Not so when there is more than one answer holds: ask for one customer */
  complete: boolean;
}
